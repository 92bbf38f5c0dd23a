/** @file reader.h  Reads JSON objects by tables: a table names every key with its type, range and default
 *
 *  What is wrong goes to the report and reading goes on, so that one run tells everything. */
#ifndef THA_CONFIG_READER_H
#define THA_CONFIG_READER_H

#include <jansson.h>

#include "base/map.h"
#include "check.h"
#include "finding.h"

/** Bytes of a place's name in a message, and of a fix. */
#define THA_CONFIG_LABEL_SIZE 160

/** Bytes of a string after ${NAME} was replaced, with its zero. */
#define THA_CONFIG_TEXT_SIZE 4096

struct tha_config_reader {
    struct tha_config_report report;
    struct tha_arena *arena; /**< of the model */
    struct tha_map strings;  /**< equal strings are kept once */
    const json_t *root;
};

enum tha_config_kind {
    THA_KIND_BOOL,     /**< bool */
    THA_KIND_COUNT,    /**< uint32_t, a whole number */
    THA_KIND_SECONDS,  /**< uint32_t in milliseconds */
    THA_KIND_TIME,     /**< the same; also as a text such as "1h30m" */
    THA_KIND_FRACTION, /**< uint32_t in thousandths */
    THA_KIND_WORD,     /**< uint32_t, one of `words` */
    THA_KIND_TEXT,     /**< const char *, NULL when empty */
    THA_KIND_OBJECT,   /**< its keys are in `schema`, with the same target */
    THA_KIND_LIST,     /**< of `item`s, with the same target */
    THA_KIND_ANY,      /**< left to `read`, whatever its type */
};

struct tha_config_word {
    const char *text; /**< NULL ends the list */
    uint32_t value;
    const char *later;         /**< known, but not supported yet, and why */
    const char *spelling;      /**< what it is read as, with a warning ... */
    enum tha_config_code code; /**< ... of this code */
};

struct tha_config_schema {
    const struct tha_config_field *fields;
    size_t count;
};

/** Reads a value that passed the check of its type. */
typedef void (*tha_config_read_cb)(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                                   void *target);

struct tha_config_field {
    const char *key;
    enum tha_config_kind kind;
    bool is_required;
    bool is_later;                          /**< not supported yet: an error unless it is off, zero or empty */
    size_t at;                              /**< THA_AT() in the target; 0 = checked and not kept */
    double min, max;                        /**< numbers, in units of the file; LIST: entries; TEXT: bytes. 0 and 0 = any */
    double initial;                         /**< the default, in units of the file */
    tha_config_check check;                 /**< TEXT; NULL = none */
    const struct tha_config_word *words;    /**< WORD; the first is the default */
    const struct tha_config_schema *schema; /**< OBJECT */
    const struct tha_config_field *item;    /**< LIST; NULL = left to `read` */
    tha_config_read_cb read;                /**< in place of keeping it at `at` */
};

#define THA_AT(type, member) (offsetof(type, member) + 1)
#define THA_SCHEMA(fields)                                                                                                  \
    {                                                                                                                       \
        (fields), sizeof(fields) / sizeof((fields)[0])                                                                      \
    }

/** A table and the struct that it fills. */
struct tha_config_part {
    const struct tha_config_schema *schema;
    void *target;
    const char *owner; /**< set = its keys are known but stand in the wrong object, and here is whose they are */
};

void tha_config_set_defaults(const struct tha_config_schema *schema, void *target);

/** Reads @p object, whose keys may belong to any of @p n_parts tables; the first that knows a key takes it. */
void tha_config_read_object(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *object,
                            const struct tha_config_part *parts, size_t n_parts);

/** Reads one value, its type checked first. */
void tha_config_read_value(struct tha_config_reader *reader, const struct tha_config_path *path,
                           const struct tha_config_field *field, json_t *value, void *target);

/* ---- value.c: numbers and words */

void tha_config_put_number(const struct tha_config_field *field, void *target, double number);

/** As it would stand in the file, whatever the locale makes of a decimal point. Returns @p buf. */
const char *tha_config_print_number(double number, char *buf, size_t size);

void tha_config_read_bool(struct tha_config_reader *reader, const struct tha_config_path *path,
                          const struct tha_config_field *field, json_t *value, void *target);
void tha_config_read_number(struct tha_config_reader *reader, const struct tha_config_path *path,
                            const struct tha_config_field *field, json_t *value, void *target);
void tha_config_read_time(struct tha_config_reader *reader, const struct tha_config_path *path,
                          const struct tha_config_field *field, json_t *value, void *target);
void tha_config_read_word(struct tha_config_reader *reader, const struct tha_config_path *path,
                          const struct tha_config_field *field, json_t *value, void *target);

/** Tells that the value at @p path asks for something that this release cannot do. */
void tha_config_say_not_supported(struct tha_config_reader *reader, const struct tha_config_path *path);

/* ---- time.c */

/** Reads "90s", "1h30m", "1.5d", "250ms". False if @p text is no time. */
bool tha_config_parse_time(const char *text, double *ret_seconds);

/* ---- string.c: texts */

void tha_config_read_text(struct tha_config_reader *reader, const struct tha_config_path *path,
                          const struct tha_config_field *field, json_t *value, void *target);

/** The string with its ${NAME} replaced and checked as @p field says; in @p buf or in @p value. NULL after a finding. */
const char *tha_config_get_text(struct tha_config_reader *reader, const struct tha_config_path *path,
                                const struct tha_config_field *field, const json_t *value, char buf[THA_CONFIG_TEXT_SIZE]);

/** A copy that lives as long as the model, shared by equal strings; NULL when out of memory. */
const char *tha_config_keep_text(struct tha_config_reader *reader, const char *text);

/** What stands in the file at @p path, before ${NAME} was replaced; "" if it is no string. For messages, which show the
 *  file and never the environment. */
const char *tha_config_get_raw(const struct tha_config_reader *reader, const struct tha_config_path *path);

#endif
