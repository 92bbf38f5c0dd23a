#include "config.h"

#include <string.h>

#include "draft.h"
#include "wipe.h"

/* ---- Text that is not JSON */

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

static const char *syntax_fix(const struct tha_config_text *text, size_t offset)
{
    char found = offset < text->len ? text->json[offset] : '\0';

    if (found == '/' || found == '#')
        return "JSON knows no comments: use a key that begins with x-";
    if (found == '}' || found == ']')
        return "is there a comma too many before it?";

    return NULL;
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
        tha_config_add_finding_at(report, THA_CODE_JSON_SYNTAX, offset, pointer, syntax_fix(&report->text, offset), message);
        break;
    }
}

static json_t *load(const struct tha_config_report *report, json_error_t *error)
{
    return json_loadb(report->text.json, report->text.len, JSON_REJECT_DUPLICATES, error);
}

/** Out of memory, jansson 2.14 may say "invalid token", or nothing, or leave out a letter and say that all is well: a text
 *  is believed, and blamed, only when it reads the same twice. */
static json_t *parse(struct tha_config_report *report)
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

/* ---- The way from text to model */

static struct tha_model *new_model(const struct tha_mem *mem)
{
    struct tha_arena arena;
    struct tha_model *model;

    tha_arena_init(&arena, mem);
    model = tha_arena_alloc(&arena, 1, sizeof(*model));
    if (model)
        model->arena = arena; /* it lives in its own arena */

    return model;
}

static void init_draft(struct tha_config_draft *draft, const struct tha_mem *mem, struct tha_model *model)
{
    draft->model = model;
    draft->reader.arena = &model->arena;
    tha_arena_init(&draft->scratch, mem);
    tha_map_init(&draft->reader.strings, mem);
    tha_map_init(&draft->tls, mem);
    tha_map_init(&draft->group_ids, mem);
    tha_map_init(&draft->group_names, mem);
    tha_map_init(&draft->trunk_ids, mem);
    tha_map_init(&draft->profile_ids, mem);
}

static void done_draft(struct tha_config_draft *draft)
{
    tha_map_done(&draft->profile_ids);
    tha_map_done(&draft->trunk_ids);
    tha_map_done(&draft->group_names);
    tha_map_done(&draft->group_ids);
    tha_map_done(&draft->tls);
    tha_map_done(&draft->reader.strings);
    tha_arena_done(&draft->scratch);
}

static int result_of(const struct tha_config_report *report)
{
    if (report->is_out_of_memory)
        return TRUNKHA_ERR_NOMEM;

    return report->n_errors ? TRUNKHA_ERR_CONFIG : 0;
}

int tha_config_read(const struct tha_mem *mem, const char *json, size_t len, trunkha_finding_cb finding_cb, void *user_data,
                    struct tha_model **ret_model)
{
    struct tha_config_draft draft = {.n_profiles = 0};
    struct tha_config_report *report = &draft.reader.report;
    struct tha_model *model = new_model(mem);
    json_t *root;
    int err;

    if (!model)
        return TRUNKHA_ERR_NOMEM;

    tha_config_init_report(report, mem, json ? json : "", json ? len : 0);
    init_draft(&draft, mem, model);
    root = parse(report);
    if (root)
        tha_config_read_document(&draft, root);
    tha_config_wipe(root);
    done_draft(&draft);

    err = result_of(report);
    if (err != TRUNKHA_ERR_NOMEM)
        tha_config_tell_findings(report, finding_cb, user_data);
    tha_config_done_report(report);

    if (err || !ret_model)
        tha_model_free(model);
    else
        *ret_model = model;

    return err;
}
