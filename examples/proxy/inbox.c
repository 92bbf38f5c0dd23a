/* Messages of trunks, from the engine's thread to ours. */
#include "proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LETTERS_MAX 2048 /* messages of trunks that wait for us; more are dropped, as a full socket drops them */

static struct letter *letter_new(const trunkha_message *message)
{
    struct letter *letter = malloc(sizeof(*letter) + message->len);

    if (!letter)
        return NULL;
    letter->next = NULL;
    letter->has_come_back = message->has_come_back != 0;
    letter->len = message->len;
    if (message->len)
        memcpy(letter->data, message->data, message->len);
    if (peer_read(message->source, message->trunk_id, &letter->from))
        return letter;
    free(letter);

    return NULL;
}

void message_cb(const trunkha_message *message, void *user_data)
{
    struct inbox *inbox = user_data;
    bool is_wanted = *message->trunk_id && message->len <= MESSAGE_MAX;
    struct letter *letter = is_wanted ? letter_new(message) : NULL;

    if (!letter)
        return;
    pthread_mutex_lock(&inbox->lock);
    if (inbox->n_letters < LETTERS_MAX) {
        inbox->n_letters++;
        *inbox->end = letter;
        inbox->end = &letter->next;
        letter = NULL;
    }
    pthread_mutex_unlock(&inbox->lock);
    free(letter);
    eventfd_write(inbox->bell, 1);
}

static struct letter *take_letters(struct inbox *inbox)
{
    struct letter *letters;
    eventfd_t ignored;

    eventfd_read(inbox->bell, &ignored);
    pthread_mutex_lock(&inbox->lock);
    letters = inbox->first;
    inbox->first = NULL;
    inbox->end = &inbox->first;
    inbox->n_letters = 0;
    pthread_mutex_unlock(&inbox->lock);

    return letters;
}

void receive_trunks(struct proxy *proxy)
{
    struct letter *letter = take_letters(&proxy->inbox);

    while (letter) {
        struct letter *next = letter->next;

        if (!letter->has_come_back)
            handle_bytes(proxy, letter->data, letter->len, &letter->from);
        else if (letter->len)
            attempt_bounced(proxy, letter->data, letter->len);
        else
            attempts_lost(proxy, &letter->from);
        free(letter);
        letter = next;
    }
}

int open_inbox(struct inbox *inbox)
{
    inbox->end = &inbox->first;
    inbox->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    return inbox->bell < 0 ? errno : pthread_mutex_init(&inbox->lock, NULL);
}

void close_inbox(struct inbox *inbox)
{
    struct letter *letter = take_letters(inbox);

    while (letter) {
        struct letter *next = letter->next;

        free(letter);
        letter = next;
    }
    pthread_mutex_destroy(&inbox->lock);
    close(inbox->bell);
}
