#include "adapters/tls_room.h"

/* OpenSSL's own memory BIOs keep the room of the largest flight for as long as they live. */

static int read_in(BIO *bio, char *buf, int size)
{
    struct tha_tls_session *session = BIO_get_data(bio);
    size_t len = tha_bytes_take(&session->in, &session->context->mem, buf, (size_t)size);

    BIO_clear_retry_flags(bio);
    if (len)
        return (int)len;
    BIO_set_retry_read(bio);

    return -1;
}

static int write_out(BIO *bio, const char *data, int len)
{
    struct tha_tls_session *session = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);

    return tha_bytes_put(&session->out, &session->context->mem, data, (size_t)len) ? -1 : len;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;

    return command == BIO_CTRL_FLUSH;
}

static int create(BIO *bio)
{
    BIO_set_init(bio, 1);

    return 1;
}

BIO_METHOD *tha_tls_bio_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "trunkha");

    if (method) {
        BIO_meth_set_create(method, create);
        BIO_meth_set_read(method, read_in);
        BIO_meth_set_write(method, write_out);
        BIO_meth_set_ctrl(method, control);
    }

    return method;
}

int tha_tls_bio_attach(struct tha_tls_session *session)
{
    BIO *bio = BIO_new(session->context->bio_method);

    if (!bio)
        return TRUNKHA_ERR_NOMEM;

    BIO_set_data(bio, session);
    SSL_set_bio(session->ssl, bio, bio);

    return 0;
}
