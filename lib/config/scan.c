#include "scan.h"

#include <string.h>

#include "cursor.h"

#define KEY_SIZE  256                    /* what is compared of a key; a longer one is not ours */
#define DEPTH_MAX 32                     /* levels that a pointer can name; our own format has seven */
#define FAR       ((ptrdiff_t)16 * 1024) /* into an object or a list, in bytes: worth a bookmark */

/* ---- From a path to a position */

/** From a key to its value. True if it is @p key. */
static bool pass_key(struct tha_config_cursor *c, const char *key)
{
    char name[KEY_SIZE];

    tha_config_read_string(c, name, sizeof(name));
    tha_config_skip_space(c);

    return tha_config_skip_symbol(c, ':') && !strncmp(name, key, sizeof(name) - 1);
}

static const char *enter_member(struct tha_config_cursor *c, const char *key, struct tha_config_bookmark *bookmark)
{
    const char *object;

    if (!tha_config_skip_symbol(c, '{'))
        return NULL;

    object = c->at;
    if (bookmark->outer == object) {
        c->at = bookmark->at;
        if (pass_key(c, key))
            return bookmark->at;
        c->at = object;
    }

    while (tha_config_is_at(c, '"')) {
        const char *key_at = c->at;

        if (pass_key(c, key)) {
            if (key_at - object > FAR)
                *bookmark = (struct tha_config_bookmark){object, 0, key_at};
            return key_at;
        }
        tha_config_skip_value(c);
        tha_config_skip_symbol(c, ',');
    }

    return NULL;
}

static const char *enter_element(struct tha_config_cursor *c, size_t index, struct tha_config_bookmark *bookmark)
{
    const char *list;
    size_t i = 0;

    if (!tha_config_skip_symbol(c, '['))
        return NULL;

    list = c->at;
    if (bookmark->outer == list && bookmark->index <= index) {
        c->at = bookmark->at;
        i = bookmark->index;
    }
    for (; i < index && c->at < c->end && !tha_config_is_at(c, ']'); i++) {
        tha_config_skip_value(c);
        tha_config_skip_symbol(c, ',');
    }

    if (c->at >= c->end || tha_config_is_at(c, ']'))
        return NULL;
    if (c->at - list > FAR)
        *bookmark = (struct tha_config_bookmark){list, index, c->at};

    return c->at;
}

/** Moves the cursor to the value. Returns where its key stands; an element of a list has none, and its own place serves. */
static const char *enter(struct tha_config_text *text, struct tha_config_cursor *c, const struct tha_config_path *path)
{
    if (!path) {
        tha_config_skip_space(c);
        return c->at;
    }
    if (!enter(text, c, path->parent))
        return NULL;

    return path->key ? enter_member(c, path->key, &text->member) : enter_element(c, path->index, &text->element);
}

bool tha_config_find_position(struct tha_config_text *text, const struct tha_config_path *path, bool of_key,
                              struct tha_config_position *ret_position)
{
    struct tha_config_cursor c = {text->json, text->json + text->len};
    const char *key_at = enter(text, &c, path);

    if (!key_at)
        return false;

    *ret_position = tha_config_get_position(text, (size_t)((of_key ? key_at : c.at) - text->json));

    return true;
}

static uint32_t count_lines(const char *from, const char *to)
{
    uint32_t lines = 0;

    for (; from < to; from++)
        lines += *from == '\n';

    return lines;
}

struct tha_config_position tha_config_get_position(struct tha_config_text *text, size_t offset)
{
    const char *at = text->json + (offset < text->len ? offset : text->len), *last = text->json + text->last.offset;
    bool is_ahead = text->last.line && at >= last;
    const char *from = is_ahead ? last : text->json, *line_end = memrchr(from, '\n', (size_t)(at - from));
    uint32_t line = text->last.line ? text->last.line : 1, column = is_ahead ? text->last.column : 1;

    line = at < last ? line - count_lines(at, last) : line + count_lines(last, at);
    text->last = (struct tha_config_position){
        .offset = (size_t)(at - text->json),
        .line = line,
        .column = line_end ? (uint32_t)(at - line_end) : column + (uint32_t)(at - from),
    };

    return text->last;
}

/* ---- From an offset to a pointer */

struct level {
    bool is_list;
    size_t index;
    size_t pointer_len; /* of the pointer to this object or list */
};

/** What is known on the way down to a token. */
struct trail {
    struct level levels[DEPTH_MAX];
    size_t depth;
    bool is_value; /* a value comes next, not a key */
    char *pointer;
    size_t size;
};

static struct level *innermost(struct trail *trail)
{
    return trail->depth && trail->depth <= DEPTH_MAX ? &trail->levels[trail->depth - 1] : NULL;
}

static void expect_entry(struct trail *trail)
{
    struct level *level = innermost(trail);

    if (level && level->is_list)
        tha_config_append_step(trail->pointer, trail->size, level->pointer_len, NULL, level->index);
    trail->is_value = !level || level->is_list;
}

static void open_level(struct trail *trail, bool is_list)
{
    trail->depth++;
    if (innermost(trail))
        *innermost(trail) = (struct level){is_list, 0, strlen(trail->pointer)};
    expect_entry(trail);
}

static void close_level(struct trail *trail)
{
    struct level *level = innermost(trail);

    if (level)
        trail->pointer[level->pointer_len] = '\0';
    if (trail->depth)
        trail->depth--;
}

static void next_entry(struct trail *trail)
{
    struct level *level = innermost(trail);

    if (level) {
        trail->pointer[level->pointer_len] = '\0';
        level->index++;
    }
    expect_entry(trail);
}

static void name_member(struct trail *trail, struct tha_config_cursor c)
{
    struct level *level = innermost(trail);
    char name[KEY_SIZE];

    if (!level || trail->is_value)
        return;

    tha_config_read_string(&c, name, sizeof(name));
    tha_config_append_step(trail->pointer, trail->size, level->pointer_len, name, 0);
    trail->is_value = true; /* even if the colon is missing: what comes may be a secret, and names nothing */
}

static void follow(struct trail *trail, const struct tha_config_cursor *c)
{
    switch (*c->at) {
    case '{':
    case '[':
        open_level(trail, *c->at == '[');
        break;
    case '}':
    case ']':
        close_level(trail);
        break;
    case ',':
        next_entry(trail);
        break;
    case '"':
        name_member(trail, *c);
        break;
    default:
        break;
    }
}

size_t tha_config_find_token(const struct tha_config_text *text, size_t end, char *pointer_buf, size_t pointer_size)
{
    struct tha_config_cursor c = {text->json, text->json + (end < text->len ? end : text->len)};
    struct trail trail = {.pointer = pointer_buf, .size = pointer_size, .is_value = true};
    size_t token = end;

    pointer_buf[0] = '\0';
    for (tha_config_skip_space(&c); c.at < c.end; tha_config_skip_space(&c)) {
        token = (size_t)(c.at - text->json);
        follow(&trail, &c);
        tha_config_skip_token(&c);
    }

    return token;
}
