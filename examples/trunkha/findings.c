#include "findings.h"

#include <ctype.h>
#include <string.h>

#include "text.h"

const char *findings_severity(uint32_t severity)
{
    return severity == TRUNKHA_SEVERITY_ERROR ? "error" : "warning";
}

void findings_count(struct findings *findings, const trunkha_finding *finding)
{
    if (finding->severity == TRUNKHA_SEVERITY_ERROR)
        findings->errors++;
    else
        findings->warnings++;
}

void findings_print_file(const struct findings *findings, FILE *out)
{
    unsigned char first = (unsigned char)findings->file[0];

    if (!isalnum(first) && !strchr("/._-<", first))
        fputs("./", out);
    text_print(out, findings->file);
}

static void print_remark(FILE *out, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(out, "    %s: ", label);
    text_print(out, text);
    fputc('\n', out);
}

void findings_print_cb(const trunkha_finding *finding, void *user_data)
{
    struct findings *findings = user_data;
    FILE *out = findings->out;

    findings_count(findings, finding);
    findings_print_file(findings, out);
    if (finding->line)
        fprintf(out, ":%u:%u", finding->line, finding->column);
    fprintf(out, ": %s: ", findings_severity(finding->severity));
    text_print(out, finding->message);
    fprintf(out, " [%s %s]", finding->code, finding->slug);
    if (*finding->pointer) {
        fputs(" at ", out);
        text_print(out, finding->pointer);
    }
    fputc('\n', out);
    print_remark(out, "why", finding->why);
    print_remark(out, "fix", finding->fix);
}

json_t *findings_json(const trunkha_finding *finding)
{
    json_t *object = json_object();

    json_object_set_new(object, "code", text_json(finding->code));
    json_object_set_new(object, "slug", text_json(finding->slug));
    json_object_set_new(object, "severity", text_json(findings_severity(finding->severity)));
    json_object_set_new(object, "pointer", text_json(finding->pointer));
    json_object_set_new(object, "line", json_integer(finding->line));
    json_object_set_new(object, "column", json_integer(finding->column));
    json_object_set_new(object, "message", text_json(finding->message));
    json_object_set_new(object, "why", text_json(finding->why ? finding->why : ""));
    json_object_set_new(object, "fix", text_json(finding->fix ? finding->fix : ""));

    return object;
}
