/* Reports on their way to the writer: a ring that any number of threads and processes fill and one empties.
 *
 * Places are numbered without end; a place lies in record `place % THA_REPORTS_MAX`, and how often the ring went round
 * before it is its lap. The state of a record is `2 * lap` while it is free for that lap, one more when there is a report in
 * it, and two more when that was taken. So zeros are an empty ring, and nobody has to touch it beforehand.
 *
 * Who reports takes a place by moving `head` on, fills it and makes it visible by a compare-exchange. If he is killed in
 * between, the writer passes the place over after a second by giving the record to the next lap, and one that was only
 * stopped finds so. What he then writes all the same may spoil the report of the next lap: hence the check. */
#include <sched.h>
#include <unistd.h>

#include "calls.h"
#include "handle.h"
#include "words.h"

/** How often a place is tried for when others take it first. */
#define TRIES 64

#define PATIENCE_MS 1000

/** That many waiting reports wake the writer. */
#define MANY (THA_REPORTS_MAX / 2)

/** How many places one look for a report may pass over. */
#define PASSED_MAX THA_REPORTS_MAX

static struct tha_report_record *record_at(const trunkha_view *view, uint64_t place)
{
    return (struct tha_report_record *)((uintptr_t)view->table + THA_REPORTS_OFFSET) + place % THA_REPORTS_MAX;
}

static uint64_t free_state(uint64_t place)
{
    return place / THA_REPORTS_MAX * 2;
}

static void store_news(struct tha_report_record *record, const struct tha_news *news, uint64_t place)
{
    struct tha_words words = {.next = record->words, .check = place};

    tha_words_put_numbers(&words, news, THA_NEWS_HEAD);
    if (tha_news_has_texts(news->kind)) {
        tha_words_put_text(&words, news->call_id, sizeof(news->call_id));
        tha_words_put_text(&words, news->profile_id, sizeof(news->profile_id));
        tha_words_put_text(&words, news->trunk_id, sizeof(news->trunk_id));
        tha_words_put_text(&words, news->detail, sizeof(news->detail));
    }
    tha_put64(&record->check, words.check);
}

/* ---- the doorbell ---- */

/** The pid is looked at first: a forked child has a copy of the descriptor, but nobody to wake. */
static void ring(trunkha_view *view)
{
    static const uint64_t one = 1;
    struct tha_view_doorbell *doorbell = &view->doorbell;
    int fd;

    if (tha_get32(&doorbell->pid) != tha_view_own_pid(view) || atomic_exchange(&doorbell->is_rung, 1))
        return;

    atomic_fetch_add(&doorbell->n_ringing, 1);
    fd = atomic_load(&doorbell->fd);
    if (fd >= 0 && write(fd, &one, sizeof(one)) < 0)
        atomic_store(&doorbell->is_rung, 0); /* it was not heard */
    atomic_fetch_sub(&doorbell->n_ringing, 1);
}

static void hang(struct tha_view_doorbell *doorbell, int fd)
{
    atomic_store(&doorbell->is_rung, 0);
    atomic_store(&doorbell->is_awaited, 0);
    tha_put32(&doorbell->pid, (uint32_t)getpid());
    atomic_store(&doorbell->fd, fd);
}

/** Returns when nobody can ring any more: the number of the descriptor will soon be another file's. */
static void take_down(struct tha_view_doorbell *doorbell)
{
    if (tha_get32(&doorbell->pid) != (uint32_t)getpid())
        return; /* a child's copy: the threads that were about to ring are not here */

    atomic_store(&doorbell->fd, -1);
    while (atomic_load(&doorbell->n_ringing))
        sched_yield();
}

void tha_view_set_doorbell(trunkha_view *view, int fd)
{
    if (fd >= 0)
        hang(&view->doorbell, fd);
    else
        take_down(&view->doorbell);
}

static void wake(trunkha_view *view, bool is_urgent, uint64_t place)
{
    struct tha_view_doorbell *doorbell = &view->doorbell;

    if (atomic_load_explicit(&doorbell->fd, memory_order_relaxed) < 0)
        return;
    if (is_urgent || atomic_load(&doorbell->is_awaited) || place - tha_get64(&view->calls->tail) >= MANY)
        ring(view);
}

/* ---- from everybody ---- */

/** Takes a place to report in; false when there is none. */
static bool take_place(trunkha_view *view, uint64_t *ret_place)
{
    uint64_t place = tha_get64(&view->calls->head);

    for (int tries = 0; tries < TRIES; tries++) {
        uint64_t state = tha_get64(&record_at(view, place)->state);

        if (state < free_state(place))
            return false; /* it was not taken from there yet: the ring is full */
        if (state > free_state(place))
            place = tha_get64(&view->calls->head);
        else if (atomic_compare_exchange_weak(&view->calls->head, &place, place + 1)) {
            *ret_place = place;
            return true;
        }
    }

    return false;
}

void tha_view_post_news(trunkha_view *view, const struct tha_news *news, bool is_urgent)
{
    struct tha_report_record *record;
    uint64_t place, state;

    if (!tha_view_has_calls(view))
        return;
    if (!take_place(view, &place)) {
        atomic_fetch_add(&view->calls->lost, 1);
        wake(view, true, 0);
        return;
    }

    record = record_at(view, place);
    store_news(record, news, place);
    state = free_state(place);
    atomic_compare_exchange_strong(&record->state, &state, state + 1);
    wake(view, is_urgent, place);
}

uint64_t tha_view_lost_news(const trunkha_view *view)
{
    return tha_get64(&tha_table_calls(view->table)->lost);
}

/* ---- to the writer ---- */

/** False when what is there is not what was reported. */
static bool load_news(struct tha_report_record *record, uint64_t place, struct tha_news *news)
{
    struct tha_words words = {.next = record->words, .check = place};

    tha_words_get_numbers(&words, news, THA_NEWS_HEAD);
    if (tha_news_has_texts(news->kind)) {
        tha_words_get_text(&words, news->call_id, sizeof(news->call_id));
        tha_words_get_text(&words, news->profile_id, sizeof(news->profile_id));
        tha_words_get_text(&words, news->trunk_id, sizeof(news->trunk_id));
        tha_words_get_text(&words, news->detail, sizeof(news->detail));
    } else {
        news->call_id[0] = news->profile_id[0] = news->trunk_id[0] = news->detail[0] = '\0';
    }

    return tha_get64(&record->check) == words.check;
}

/** Begun so long ago that whoever did it will not finish? All those begun before the first of them was found wait no longer
 *  than that one. */
static bool is_given_up(struct tha_view_patience *patience, uint64_t place, uint64_t head, uint64_t now_ms)
{
    if (place >= patience->until) {
        patience->until = head;
        patience->since_ms = now_ms;
    }

    return now_ms >= patience->since_ms + PATIENCE_MS;
}

enum found { NOTHING, REPORT, LOST };

/** What is at @p place, which then has been taken unless that is nothing. */
static enum found take(trunkha_view *view, uint64_t place, uint64_t now_ms, struct tha_news *news)
{
    struct tha_report_record *record = record_at(view, place);
    uint64_t state = atomic_load(&record->state), head = atomic_load(&view->calls->head);
    enum found found = LOST;

    if (state == free_state(place) + 1) {
        found = load_news(record, place, news) ? REPORT : LOST;
    } else if (head == place) {
        if (state != free_state(place))
            tha_put64(&record->state, free_state(place)); /* nobody here writes such: let it be free again */
        return NOTHING;
    } else if (!is_given_up(&view->patience, place, head, now_ms)) {
        return NOTHING;
    }

    if (!atomic_compare_exchange_strong(&record->state, &state, free_state(place) + 2))
        return NOTHING; /* finished at the last moment */
    tha_put64(&view->calls->tail, place + 1);

    return found;
}

/** Where reports are taken; not so far behind the head that they could not have gone to the ring. */
static uint64_t sane_tail(trunkha_view *view)
{
    uint64_t head = tha_get64(&view->calls->head), tail = tha_get64(&view->calls->tail);

    if (head - tail <= THA_REPORTS_MAX)
        return tail;

    tha_put64(&view->calls->tail, head);

    return head;
}

static bool take_next(trunkha_view *view, uint64_t now_ms, struct tha_news *ret_news)
{
    uint64_t place = sane_tail(view);

    for (uint32_t passed = 0; passed < PASSED_MAX; passed++) {
        enum found found = take(view, place + passed, now_ms, ret_news);

        if (found != LOST)
            return found == REPORT;
        atomic_fetch_add(&view->calls->lost, 1);
    }

    return false;
}

bool tha_view_take_news(trunkha_view *view, uint64_t now_ms, struct tha_news *ret_news)
{
    struct tha_view_doorbell *doorbell = &view->doorbell;

    if (!tha_view_is_writer(view))
        return false;
    if (take_next(view, now_ms, ret_news))
        return true;
    if (!atomic_load(&doorbell->is_rung))
        return false;

    atomic_store(&doorbell->is_rung, 0);
    atomic_store(&doorbell->is_awaited, 0);

    return take_next(view, now_ms, ret_news); /* one that came before it could ring again */
}

bool tha_view_await_news(trunkha_view *view)
{
    atomic_store(&view->doorbell.is_awaited, 1);
    if (atomic_load(&view->calls->head) == atomic_load(&view->calls->tail))
        return true;

    atomic_store(&view->doorbell.is_awaited, 0);

    return false;
}
