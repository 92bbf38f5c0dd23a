#include "probes.h"

#include <errno.h>

#include "flight.h"

/** Probes are on the agenda: they must not move when there is to be room for more. */
#define CHUNK 256U

struct probe {
    struct tha_due due;
    uint32_t slot;
    struct tha_probes_target target;
    struct tha_flight flight;
    uint64_t deadline_ms;
    struct tha_echo echo; /* SILENT: nothing is on its way back */
};

struct tha_probes {
    struct tha_mem mem;
    struct tha_world *world;
    struct tha_agenda *agenda;
    struct probe **chunks;
    uint32_t n_chunks;
};

static struct probe *probe_at(const struct tha_probes *probes, uint32_t slot)
{
    return &probes->chunks[slot / CHUNK][slot % CHUNK];
}

/* ---- Their life ---- */

int tha_probes_new(const struct tha_mem *mem, struct tha_world *world, struct tha_agenda *agenda,
                   struct tha_probes **ret_probes)
{
    struct tha_probes *probes = tha_mem_zalloc(mem, 1, sizeof(*probes));

    if (!probes)
        return TRUNKHA_ERR_NOMEM;

    probes->mem = *mem;
    probes->world = world;
    probes->agenda = agenda;
    *ret_probes = probes;

    return 0;
}

struct tha_probes *tha_probes_free(struct tha_probes *probes)
{
    if (!probes)
        return NULL;

    for (uint32_t i = 0; i < probes->n_chunks; i++)
        tha_mem_free(&probes->mem, probes->chunks[i]);
    tha_mem_free(&probes->mem, probes->chunks);

    return tha_mem_free(&probes->mem, probes);
}

static int add_chunk(struct tha_probes *probes)
{
    struct probe **chunks = tha_mem_resize(&probes->mem, probes->chunks, probes->n_chunks + 1, sizeof(struct probe *));
    struct probe *chunk;

    if (!chunks)
        return TRUNKHA_ERR_NOMEM;
    probes->chunks = chunks;
    chunk = tha_mem_zalloc(&probes->mem, CHUNK, sizeof(*chunk));
    if (!chunk)
        return TRUNKHA_ERR_NOMEM;

    for (uint32_t i = 0; i < CHUNK; i++) {
        chunk[i].due.kind = THA_DUE_PROBE;
        chunk[i].slot = probes->n_chunks * CHUNK + i;
    }
    probes->chunks[probes->n_chunks++] = chunk;

    return 0;
}

int tha_probes_reserve(struct tha_probes *probes, uint32_t n_slots)
{
    int err = 0;

    while (!err && probes->n_chunks * CHUNK < n_slots)
        err = add_chunk(probes);

    return err;
}

void tha_probes_cancel(struct tha_probes *probes, uint32_t slot)
{
    tha_agenda_drop(probes->agenda, &probe_at(probes, slot)->due);
}

void tha_probes_set_target(struct tha_probes *probes, uint32_t slot, const struct tha_probes_target *target)
{
    struct probe *probe = probe_at(probes, slot);

    if (!target || target->trunk != probe->target.trunk || !tha_addr_is_equal(&target->addr, &probe->target.addr))
        tha_agenda_drop(probes->agenda, &probe->due);
    if (target)
        probe->target = *target;
}

/* ---- On their way ---- */

static void wait(struct tha_probes *probes, struct probe *probe, uint64_t when_ms)
{
    tha_agenda_set(probes->agenda, &probe->due, when_ms < probe->deadline_ms ? when_ms : probe->deadline_ms);
}

/** Sends it, or sends it again; waits for what comes back, or else for the next time. */
static void transmit(struct tha_probes *probes, struct probe *probe, uint64_t now_ms)
{
    tha_world_send(probes->world, probe->target.trunk, &probe->target.addr, THA_CONDUCT_OF_PROBES, now_ms, &probe->echo);
    wait(probes, probe, probe->echo.conduct == THA_CONDUCT_SILENT ? probe->flight.again_ms : now_ms + probe->echo.after_ms);
}

void tha_probes_send(struct tha_probes *probes, uint32_t slot, uint64_t now_ms)
{
    struct probe *probe = probe_at(probes, slot);

    tha_flight_start(&probe->flight, THA_FLIGHT_T2_MS, now_ms);
    probe->deadline_ms = now_ms + probe->target.timeout_ms;
    transmit(probes, probe, now_ms);
}

static struct tha_evidence evidence_of(const struct probe *probe, uint64_t now_ms)
{
    uint64_t rtt_ms = now_ms - probe->flight.sent_ms;

    if (probe->echo.conduct == THA_CONDUCT_REFUSED)
        return (struct tha_evidence){.kind = THA_EVIDENCE_REFUSED, .system_error = ECONNREFUSED};

    return (struct tha_evidence){
        .kind = THA_EVIDENCE_ANSWERED,
        .code = probe->echo.conduct == THA_CONDUCT_CODE ? probe->echo.code : 200,
        .rtt_us = (uint32_t)rtt_ms * 1000 + !rtt_ms, /* 0 = none */
    };
}

bool tha_probes_take(struct tha_probes *probes, struct tha_due *due, uint64_t now_ms, uint32_t *ret_slot,
                     struct tha_evidence *ret_evidence)
{
    struct probe *probe = (struct probe *)due;
    bool is_over = now_ms >= probe->deadline_ms;
    bool is_answered = !is_over && probe->echo.conduct != THA_CONDUCT_SILENT && !tha_world_is_home_cut(probes->world);

    if (!is_over && !is_answered) {
        bool is_time = now_ms >= probe->flight.again_ms;

        tha_flight_go_on(&probe->flight, now_ms);
        probe->echo.conduct = THA_CONDUCT_SILENT; /* if it was not: the line was cut while it came back */
        if (is_time)
            transmit(probes, probe, now_ms);
        else
            wait(probes, probe, probe->flight.again_ms);
        return false;
    }

    *ret_slot = probe->slot;
    *ret_evidence = is_answered ? evidence_of(probe, now_ms) : (struct tha_evidence){.kind = THA_EVIDENCE_TIMED_OUT};
    tha_agenda_drop(probes->agenda, due);

    return true;
}
