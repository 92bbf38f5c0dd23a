/** @file tls.h  TLS over bytes: a session is fed what came in, and gives what is to go out
 *
 *  OpenSSL, used directly: libre 1.1.0 verifies nothing, and no release says why a handshake failed. Nothing here has a
 *  socket. In a build without OpenSSL every session fails with a sentence that says so. */
#ifndef THA_ADAPTERS_TLS_H
#define THA_ADAPTERS_TLS_H

#include "base/mem.h"
#include "core/model.h"

/** Settings ready for use; sessions of the same settings share one, and resume each other's. Reference counted, one thread.
 */
struct tha_tls_context;
struct tha_tls_session;

#define THA_TLS_DETAIL_SIZE 96 /* what an event has room for */

/** Loads files; whatever is wrong with them is said in @p error_buf. Returns 0, NOMEM, or CONFIG with the reason. */
int tha_tls_context_new(const struct tha_mem *mem, const struct tha_tls_settings *settings,
                        struct tha_tls_context **ret_context, char *error_buf, size_t error_size);
struct tha_tls_context *tha_tls_context_ref(struct tha_tls_context *context);
struct tha_tls_context *tha_tls_context_unref(struct tha_tls_context *context);

/** @p server_name: for SNI (unless it is an IP address) and in the certificate. @p peer: what was agreed last with that name
 * at that address is resumed; NULL = nothing is. Returns 0 or NOMEM. */
int tha_tls_session_new(struct tha_tls_context *context, const char *server_name, const struct tha_addr *peer,
                        struct tha_tls_session **ret_session);

/** What the session agreed can be resumed later, unless it has failed. NULL is fine; returns NULL. */
struct tha_tls_session *tha_tls_session_free(struct tha_tls_session *session);

enum tha_tls_step {
    THA_TLS_MORE,   /**< it waits for more from the peer */
    THA_TLS_OPEN,   /**< the handshake is done, the certificate is good */
    THA_TLS_CLOSED, /**< the peer has said goodbye */
    THA_TLS_FAILED, /**< tha_tls_session_detail() says why */
};

/** Takes @p len bytes from the network (0 = begin the handshake, or ask how things are). Whatever is returned, there may be
 *  something to be pulled: also what tells the peer why it failed. */
enum tha_tls_step tha_tls_session_feed(struct tha_tls_session *session, const void *data, size_t len);

/** Bytes for the network; returns how many were put to @p buf, 0 = none. */
size_t tha_tls_session_pull(struct tha_tls_session *session, void *buf, size_t size);

/** How many bytes wait to be pulled. */
size_t tha_tls_session_waiting(const struct tha_tls_session *session);

/** Bytes of the peer in clear; 0 = none. When that is because the session has ended, the next feed says how. */
size_t tha_tls_session_read(struct tha_tls_session *session, void *buf, size_t size);

/** Encrypts @p data, all or nothing: what comes of it is to be pulled. Once OPEN. Returns 0, NOMEM or SYSTEM. */
int tha_tls_session_write(struct tha_tls_session *session, const void *data, size_t len);

/** Says goodbye: to be pulled and sent. */
void tha_tls_session_end(struct tha_tls_session *session);

/** "certificate has expired (2026-01-02)", "certificate is for sip.other.example, not for ...", "self-signed certificate",
 *  "unknown issuer \"...\"", "peer speaks TLS 1.1, at least 1.2 is wanted", ...; no control characters. */
const char *tha_tls_session_detail(const struct tha_tls_session *session);

/** What was agreed, once OPEN. */
struct tha_tls_facts {
    char version[16]; /**< "TLSv1.3" */
    char cipher[48];
    char subject[96]; /**< common name, or the whole subject */
    char issuer[96];
    char names[256];   /**< of the certificate's subjectAltName, with commas; as many as fit */
    int64_t not_after; /**< Unix seconds */
    bool is_verified;  /**< chain and name */
    bool is_resumed;
};
void tha_tls_session_get_facts(const struct tha_tls_session *session, struct tha_tls_facts *ret_facts);

#endif
