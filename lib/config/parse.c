#include "parse.h"

#include <string.h>

#include "wipe.h"

/** What jansson says, without the piece of text that it quotes: that may be a secret. */
static size_t length_without_quote(const char *text)
{
    const char *quote = strstr(text, " near ");
    const char *escape = strstr(text, " '\\u");

    return quote && (!escape || quote < escape) ? (size_t)(quote - text) : escape ? (size_t)(escape - text) : strlen(text);
}

static void print_syntax_error(const json_error_t *error, char *buf, size_t size)
{
    switch (json_error_code(error)) {
    case json_error_premature_end_of_input:
        tha_text_copy(buf, size, "not valid JSON: the text ends too early");
        break;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        tha_text_copy(buf, size, "\\u0000 is not allowed");
        break;
    default:
        tha_text_print(buf, size, "not valid JSON: %.*s", (int)length_without_quote(error->text), error->text);
        break;
    }
}

/** After a value; what follows a comma is "string or '}' expected". */
static bool expects_end(const json_error_t *error)
{
    return !strncmp(error->text, "'}' expected", 12) || !strncmp(error->text, "']' expected", 12);
}

static const char *syntax_fix(const struct tha_config_text *text, size_t offset, const json_error_t *error)
{
    static const char bom[] = "\xef\xbb\xbf"; /* RFC 8259 section 8.1: not to be written */
    char found = offset < text->len ? text->json[offset] : '\0';

    if (!offset && text->len >= strlen(bom) && !memcmp(text->json, bom, strlen(bom)))
        return "save the file without the byte order mark that it begins with";
    if (found == '/' || found == '#')
        return "JSON knows no comments: use a key that begins with x-";
    if (found == '}' || found == ']')
        return "is there a comma too many before it?";
    if (found == '\'')
        return "write texts in double quotes";

    return found && strchr("\"{[", found) && expects_end(error) ? "is there a comma missing before it?" : NULL;
}

static void say_not_json(struct tha_config_report *report, const json_error_t *error)
{
    enum json_error_code reason = json_error_code(error);
    size_t end = error->position < 0 ? 0 : (size_t)error->position, offset;
    char pointer[256], message[256];

    offset = tha_config_find_token(&report->text, end, pointer, sizeof(pointer));
    if (reason == json_error_premature_end_of_input || reason == json_error_invalid_utf8)
        offset = end;

    switch (reason) {
    case json_error_duplicate_key:
        tha_config_add_finding_at(report, THA_CODE_DUPLICATE_KEY, offset, pointer, NULL,
                                  "this key stands twice in its object");
        break;
    case json_error_numeric_overflow:
        tha_config_add_finding_at(report, THA_CODE_OUT_OF_RANGE, offset, pointer, NULL, "this number is too large");
        break;
    default:
        print_syntax_error(error, message, sizeof(message));
        tha_config_add_finding_at(report, THA_CODE_JSON_SYNTAX, offset, pointer, syntax_fix(&report->text, offset, error),
                                  message);
        break;
    }
}

static json_t *load(const struct tha_config_report *report, json_error_t *error)
{
    return json_loadb(report->text.json, report->text.len, JSON_REJECT_DUPLICATES, error);
}

/** Out of memory, jansson 2.14 may say "invalid token", or nothing, or leave out a letter and say that all is well: a text
 *  is believed, and blamed, only when it reads the same twice. */
json_t *tha_config_parse(struct tha_config_report *report)
{
    json_error_t error;
    json_t *root = load(report, &error);
    json_t *again = load(report, &error);
    bool is_same = json_equal(root, again);

    tha_config_wipe(again);
    if (is_same)
        return root;
    if (root || again) {
        tha_config_wipe(root);
        report->is_out_of_memory = true;
        return NULL;
    }

    if (json_error_code(&error) == json_error_out_of_memory || !error.text[0])
        report->is_out_of_memory = true;
    else
        say_not_json(report, &error);

    return NULL;
}
