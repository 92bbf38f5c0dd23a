/* The `codecs` of a trunk. Only whether two trunks differ in them matters to a call, so a number stands for the set; those
 * that we know are compared with what the peer says of itself. */
#include <string.h>

#include "draft.h"

#define CODECS_MAX 64 /* of one trunk */

/** The distinct types, by their hashes. */
struct types {
    uint32_t hashes[CODECS_MAX];
    uint32_t count;
    uint32_t known; /**< tha_codec_bit() */
};

/* ---- From types to a number */

static void upper(const char *text, char *buf, size_t size)
{
    tha_text_copy(buf, size, text);
    for (char *c = buf; *c; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
}

/** Spreads every bit over all others (MurmurHash3, fmix32): sums of bare FNV-1a hashes are equal where types only swap their
 *  last letters, as G711A with G722U and G711U with G722A. */
static uint32_t spread(uint32_t hash)
{
    hash = (hash ^ hash >> 16) * 0x85ebca6bU;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35U;

    return hash ^ hash >> 16;
}

static void add_type(struct types *types, const char *text)
{
    char name[THA_CONFIG_ID_MAX + 1];
    uint32_t bit, hash;

    bit = tha_codec_bit(text, strlen(text));
    types->known |= bit;
    upper(bit ? tha_codec_name(bit, 0) : text, name, sizeof(name));
    hash = spread(tha_map_hash(name));
    for (uint32_t i = 0; i < types->count; i++) {
        if (types->hashes[i] == hash)
            return;
    }

    if (types->count < CODECS_MAX)
        types->hashes[types->count++] = hash;
}

/** Two different sets have the same number once in about 4 thousand million: one call more then ends with the 488 that it
 *  has got. */
static uint32_t sum(const struct types *types)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < types->count; i++)
        sum += types->hashes[i];

    return sum || !types->count ? sum : 1;
}

/* ---- The list */

static void read_type(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field type = {NULL, THA_KIND_TEXT, .max = THA_CONFIG_ID_MAX,
                                                 .check = tha_config_check_token};
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text = tha_config_get_text(reader, path, &type, value, buf);

    if (text)
        add_type(target, text);
}

static const struct tha_config_field codec_fields[] = {
    {"type", THA_KIND_TEXT, .is_required = true, .read = read_type},
    {"priority", THA_KIND_COUNT, .max = THA_CONFIG_PRIORITY_MAX},
};
static const struct tha_config_schema codec_schema = THA_SCHEMA(codec_fields);
static const struct tha_config_field codec = {NULL, THA_KIND_OBJECT, .schema = &codec_schema};
static const struct tha_config_field codecs = {NULL, THA_KIND_LIST, .max = CODECS_MAX, .item = &codec};

void tha_config_read_codecs(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *list,
                            struct tha_trunk_model *model)
{
    struct types types = {.count = 0};

    tha_config_read_value(reader, path, &codecs, list, &types);
    model->codecs = sum(&types);
    model->abilities.codecs = types.known;
}
