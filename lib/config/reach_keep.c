/* What was read of the way to a trunk, into the model: nothing for the many that need nothing but a UDP socket. */
#include <string.h>

#include "draft.h"

#define KEY_SIZE (4 * 1024 + 320) /* of TLS settings: four texts, the longest of them TEXT_MAX of string.c */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void *new_piece(struct tha_config_draft *draft, size_t size)
{
    void *piece = tha_arena_alloc(&draft->model->arena, 1, size);

    draft->reader.report.is_out_of_memory |= !piece;

    return piece;
}

static const struct tha_name *keep_name(struct tha_config_draft *draft, const struct tha_config_sip_address *address)
{
    struct tha_name *name = new_piece(draft, sizeof(*name));

    if (!name)
        return NULL;
    *name = address->name;
    name->host = tha_config_keep_text(&draft->reader, address->host);

    return name;
}

static struct tha_tls_settings *new_tls(struct tha_config_draft *draft, const char *key, const struct tha_tls_settings *tls)
{
    struct tha_tls_settings *kept = new_piece(draft, sizeof(*kept));
    char *kept_key = tha_arena_strdup(&draft->scratch, key);

    if (kept)
        *kept = *tls;
    if (!kept_key || !kept || tha_map_put(&draft->tls, kept_key, kept))
        draft->reader.report.is_out_of_memory = true;

    return kept;
}

static const struct tha_tls_settings *keep_tls(struct tha_config_draft *draft, const struct tha_tls_settings *read)
{
    struct tha_tls_settings tls = {
        .min_version = read->min_version,
        .ca_file = or_empty(read->ca_file),
        .cert_file = or_empty(read->cert_file),
        .key_file = or_empty(read->key_file),
        .server_name = or_empty(read->server_name),
        .verify = read->verify,
    };
    const struct tha_tls_settings *kept;
    char key[KEY_SIZE];

    tha_text_print(key, sizeof(key), "%u\n%d\n%s\n%s\n%s\n%s", tls.min_version, tls.verify, tls.ca_file, tls.cert_file,
                   tls.key_file, tls.server_name); /* no text has control characters */
    kept = tha_map_find(&draft->tls, key);

    return kept ? kept : new_tls(draft, key, &tls);
}

/** Hung into the model piece by piece: tha_model_free() wipes what is there. */
static void keep_credentials(struct tha_config_draft *draft, const struct tha_config_reach *read, struct tha_reach *reach)
{
    struct tha_credentials *auth = new_piece(draft, sizeof(*auth));

    reach->auth = auth;
    if (!auth)
        return;

    auth->realm = read->realm;
    auth->username = tha_arena_strdup(&draft->model->arena, or_empty(read->username));
    auth->password = tha_arena_strdup(&draft->model->arena, read->password);
    if (!auth->username || !auth->password)
        draft->reader.report.is_out_of_memory = true;
}

static struct tha_addr public_addr_of(const struct tha_config_reach *read)
{
    return read->has_nat ? read->public_addr : (struct tha_addr){.family = 0};
}

static bool is_plain(const struct tha_config_reach *read)
{
    const struct tha_config_sip_address *address = &read->address;
    bool is_udp = address->name.transport == THA_TRANSPORT_UDP && (address->name.has_transport || !address->is_name);

    return is_udp && !read->local.family && !public_addr_of(read).family && read->auth_method == THA_CONFIG_AUTH_NONE;
}

void tha_config_keep_reach(struct tha_config_draft *draft, const struct tha_config_reach *read, struct tha_trunk_model *kept)
{
    struct tha_reach *reach;

    if (!*read->address.uri)
        return;

    kept->uri = tha_config_keep_text(&draft->reader, read->address.uri);
    if (read->address.is_name)
        kept->dns_name = keep_name(draft, &read->address);
    kept->addr = read->address.addr;
    if (is_plain(read))
        return;

    reach = new_piece(draft, sizeof(*reach));
    kept->reach = reach;
    if (!reach)
        return;

    reach->local = read->local;
    reach->public_addr = public_addr_of(read);
    reach->host = tha_config_keep_text(&draft->reader, read->address.host);
    reach->tls = keep_tls(draft, &read->tls);
    if (read->auth_method == THA_CONFIG_AUTH_DIGEST)
        keep_credentials(draft, read, reach);
}
