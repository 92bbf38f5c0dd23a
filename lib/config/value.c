/* Numbers and words: type, range, meaning. */
#include <stdio.h>
#include <string.h>

#include "reader.h"

#define WORDS_MAX 32 /* of one list; the tables are shorter */

void tha_config_put_number(const struct tha_config_field *field, void *target, double number)
{
    char *place = (char *)target + field->at - 1;

    if (!field->at)
        return;

    if (field->kind == THA_KIND_BOOL)
        *(bool *)(void *)place = number > 0;
    else if (field->kind >= THA_KIND_SECONDS && field->kind <= THA_KIND_FRACTION)
        *(uint32_t *)(void *)place = (uint32_t)(number * 1000 + 0.5);
    else
        *(uint32_t *)(void *)place = (uint32_t)number;
}

void tha_config_say_not_supported(struct tha_config_reader *reader, const struct tha_config_path *path)
{
    char label[THA_CONFIG_LABEL_SIZE];

    tha_config_add_finding(&reader->report, THA_CODE_NOT_SUPPORTED_YET, path, NULL, "%s is not supported yet: leave it out",
                           tha_config_print_label(path, label, sizeof(label)));
}

void tha_config_read_bool(struct tha_config_reader *reader, const struct tha_config_path *path,
                          const struct tha_config_field *field, json_t *value, void *target)
{
    if (field->is_later && json_is_true(value))
        tha_config_say_not_supported(reader, path);

    tha_config_put_number(field, target, json_is_true(value));
}

const char *tha_config_print_number(double number, char *buf, size_t size)
{
    snprintf(buf, size, "%.12g", number);
    for (char *c = buf; *c; c++) {
        if (!strchr("0123456789+-e", *c))
            *c = '.';
    }

    return buf;
}

static void say_out_of_range(struct tha_config_reader *reader, const struct tha_config_path *path,
                             const struct tha_config_field *field, double number)
{
    char label[THA_CONFIG_LABEL_SIZE], least[32], most[32], actual[32];

    tha_config_print_number(field->min, least, sizeof(least));
    tha_config_print_number(field->max, most, sizeof(most));
    tha_config_print_number(number, actual, sizeof(actual));
    tha_config_add_finding(&reader->report, THA_CODE_OUT_OF_RANGE, path, NULL, "%s must be from %s to %s%s, not %s",
                           tha_config_print_label(path, label, sizeof(label)), least, most,
                           field->kind == THA_KIND_SECONDS || field->kind == THA_KIND_TIME ? " seconds" : "", actual);
}

static void take_number(struct tha_config_reader *reader, const struct tha_config_path *path,
                        const struct tha_config_field *field, double number, void *target)
{
    if (number < field->min || number > field->max) {
        say_out_of_range(reader, path, field, number);
        return;
    }

    if (field->is_later && number > 0)
        tha_config_say_not_supported(reader, path);
    tha_config_put_number(field, target, number);
}

void tha_config_read_number(struct tha_config_reader *reader, const struct tha_config_path *path,
                            const struct tha_config_field *field, json_t *value, void *target)
{
    take_number(reader, path, field, json_number_value(value), target);
}

void tha_config_read_time(struct tha_config_reader *reader, const struct tha_config_path *path,
                          const struct tha_config_field *field, json_t *value, void *target)
{
    char label[THA_CONFIG_LABEL_SIZE];
    double seconds;

    if (json_is_number(value))
        take_number(reader, path, field, json_number_value(value), target);
    else if (tha_config_parse_time(json_string_value(value), &seconds))
        take_number(reader, path, field, seconds, target);
    else
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, path, NULL,
                               "%s is no time: write seconds, or a text such as \"90s\", \"10m\" or \"1h30m\"",
                               tha_config_print_label(path, label, sizeof(label)));
}

static const struct tha_config_word *find_word(const struct tha_config_word *words, const char *text)
{
    for (; words->text; words++) {
        if (!strcmp(words->text, text))
            return words;
    }

    return NULL;
}

/** What may be written, for people: "one of both, outbound"; returns the word nearest to @p raw, or NULL. */
static const char *list_words(const struct tha_config_word *words, const char *raw, char *list, size_t size)
{
    const char *known[WORDS_MAX];
    bool is_choice = words[1].text && !words[1].later;
    size_t n = 0, len;

    tha_text_copy(list, size, is_choice ? "one of " : "");
    for (len = strlen(list); words->text && n < WORDS_MAX; words++) {
        if (words->spelling || words->later)
            continue;
        tha_text_print(list + len, size - len, n ? ", %s" : "%s", words->text);
        len += strlen(list + len);
        known[n++] = words->text;
    }

    return tha_text_nearest(raw, known, n);
}

static void say_unknown_word(struct tha_config_reader *reader, const struct tha_config_path *path,
                             const struct tha_config_word *words, const char *raw)
{
    char label[THA_CONFIG_LABEL_SIZE], list[THA_CONFIG_LABEL_SIZE], fix[THA_CONFIG_LABEL_SIZE], quoted[64];
    const char *nearest = list_words(words, raw, list, sizeof(list));

    if (nearest)
        tha_text_print(fix, sizeof(fix), "write \"%s\"", nearest);
    tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, path, nearest ? fix : NULL, "%s cannot be \"%s\": write %s",
                           tha_config_print_label(path, label, sizeof(label)), tha_config_quote(raw, quoted, sizeof(quoted)),
                           list);
}

static void say_word_not_supported(struct tha_config_reader *reader, const struct tha_config_path *path,
                                   const struct tha_config_word *words, const struct tha_config_word *word)
{
    char label[THA_CONFIG_LABEL_SIZE], fix[THA_CONFIG_LABEL_SIZE];

    tha_text_print(fix, sizeof(fix), "write \"%s\" or leave the key out", words->text);
    tha_config_add_finding(&reader->report, THA_CODE_NOT_SUPPORTED_YET, path, fix,
                           "%s: \"%s\" is not supported yet (%s): %s", tha_config_print_label(path, label, sizeof(label)),
                           word->text, word->later, fix);
}

void tha_config_read_word(struct tha_config_reader *reader, const struct tha_config_path *path,
                          const struct tha_config_field *field, json_t *value, void *target)
{
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text = tha_config_get_text(reader, path, field, value, buf);
    const struct tha_config_word *word = text ? find_word(field->words, text) : NULL;

    if (!text)
        return;
    if (!word) {
        say_unknown_word(reader, path, field->words, json_string_value(value));
        return;
    }

    if (word->spelling)
        tha_config_add_finding(&reader->report, word->code, path, NULL, "\"%s\" is read as \"%s\"", word->text,
                               word->spelling);
    if (word->later)
        say_word_not_supported(reader, path, field->words, word);
    tha_config_put_number(field, target, word->value);
}
