#include "findings.h"

#include "text.h"

const char *findings_severity(const trunkha_finding *finding)
{
    return finding->severity == TRUNKHA_SEVERITY_ERROR ? "error" : "warning";
}

void findings_count(struct findings *findings, const trunkha_finding *finding)
{
    if (finding->severity == TRUNKHA_SEVERITY_ERROR)
        findings->errors++;
    else
        findings->warnings++;
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
    text_print(out, findings->file);
    if (finding->line)
        fprintf(out, ":%u:%u", finding->line, finding->column);
    fprintf(out, ": %s: ", findings_severity(finding));
    text_print(out, finding->message);
    fprintf(out, " [%s %s] at ", finding->code, finding->slug);
    text_print(out, *finding->pointer ? finding->pointer : "the whole document");
    fputc('\n', out);
    print_remark(out, "why", finding->why);
    print_remark(out, "fix", finding->fix);
}
