#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/map.h"
#include "base/text.h"
#include "dice.h"

enum { PROBES, CALLS, WAYS };

/** What somebody does with probes, or with calls, from some moment on. */
struct standing {
    const struct tha_manner *manner;
    uint64_t since_ms;
    uint64_t word; /* which step said so: the later one counts; 0 = none */
};

/** An address that steps speak of; port 0: whatever port it has. */
struct place {
    struct tha_addr addr;
    struct standing ways[WAYS];
};

struct carrier {
    struct standing ways[WAYS];
};

struct tha_world {
    struct tha_mem mem;
    const struct tha_model *model;
    struct tha_manner usual;
    struct carrier *carriers; /* by trunk */
    struct place *places;     /* by address */
    uint32_t n_places;
    struct tha_map trunks, groups; /* by id, to their models */
    struct tha_dice dice;
    uint64_t words; /* said so far */
    bool is_home_cut;
};

/* ---- Addresses ---- */

static bool read_address(const char *text, struct tha_addr *addr)
{
    char whole[THA_ADDR_TEXT_SIZE];

    return tha_text_print(whole, sizeof(whole), "udp:%s", text) && tha_addr_parse_text(addr, whole);
}

/** Whatever the transport. */
static int compare_addresses(const struct tha_addr *a, const struct tha_addr *b)
{
    int order = memcmp(a->ip, b->ip, sizeof(a->ip));

    if (!order)
        order = (a->family > b->family) - (a->family < b->family);

    return order ? order : (a->port > b->port) - (a->port < b->port);
}

static int compare_places(const void *a, const void *b)
{
    return compare_addresses(&((const struct place *)a)->addr, &((const struct place *)b)->addr);
}

static struct place *find_place(const struct tha_world *world, const struct tha_addr *addr)
{
    struct place key;

    if (!world->n_places)
        return NULL;
    key.addr = *addr;

    return bsearch(&key, world->places, world->n_places, sizeof(key), compare_places);
}

static bool is_id(const struct tha_world *world, const char *whom)
{
    return tha_map_find(&world->trunks, whom) || tha_map_find(&world->groups, whom);
}

/** One place for each address that any step speaks of. */
static void gather_places(struct tha_world *world, const struct tha_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->n_steps; i++) {
        const struct tha_scenario_step *step = &scenario->steps[i];

        for (uint32_t j = 0; step->kind == THA_STEP_MANNER && j < step->n_whom; j++) {
            struct place *place = &world->places[world->n_places];

            if (!is_id(world, step->whom[j]) && read_address(step->whom[j], &place->addr))
                world->n_places++;
        }
    }
    if (world->n_places)
        qsort(world->places, world->n_places, sizeof(*world->places), compare_places);
}

static void drop_doubles(struct tha_world *world)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < world->n_places; i++) {
        if (!n || compare_places(&world->places[n - 1], &world->places[i]))
            world->places[n++] = world->places[i];
    }
    world->n_places = n;
}

static uint32_t count_whom(const struct tha_scenario *scenario)
{
    uint32_t n = 1;

    for (uint32_t i = 0; i < scenario->n_steps; i++)
        n += scenario->steps[i].kind == THA_STEP_MANNER ? scenario->steps[i].n_whom : 0;

    return n;
}

/* ---- Its life ---- */

static int enter_ids(struct tha_world *world)
{
    const struct tha_model *model = world->model;
    int err = 0;

    for (uint32_t i = 0; i < model->n_trunks && !err; i++)
        err = tha_map_put(&world->trunks, model->trunks[i].id, &model->trunks[i]);
    for (uint32_t i = 0; i < model->n_groups && !err; i++)
        err = tha_map_put(&world->groups, model->groups[i].id, &model->groups[i]);

    return err;
}

int tha_world_new(const struct tha_mem *mem, const struct tha_scenario *scenario, const struct tha_model *model,
                  uint64_t seed, struct tha_world **ret_world)
{
    struct tha_world *world = tha_mem_zalloc(mem, 1, sizeof(*world));

    if (!world)
        return TRUNKHA_ERR_NOMEM;

    world->mem = *mem;
    world->model = model;
    world->usual = (struct tha_manner){.conduct = THA_CONDUCT_WELL, .rtt_ms = scenario->rtt_ms};
    tha_dice_init(&world->dice, seed, 0);
    tha_map_init(&world->trunks, mem);
    tha_map_init(&world->groups, mem);
    world->carriers = tha_mem_zalloc(mem, model->n_trunks, sizeof(*world->carriers));
    world->places = tha_mem_zalloc(mem, count_whom(scenario), sizeof(*world->places));
    if (!world->carriers || !world->places || enter_ids(world)) {
        tha_world_free(world);
        return TRUNKHA_ERR_NOMEM;
    }
    gather_places(world, scenario);
    drop_doubles(world);
    *ret_world = world;

    return 0;
}

struct tha_world *tha_world_free(struct tha_world *world)
{
    if (!world)
        return NULL;

    tha_map_done(&world->groups);
    tha_map_done(&world->trunks);
    tha_mem_free(&world->mem, world->places);
    tha_mem_free(&world->mem, world->carriers);

    return tha_mem_free(&world->mem, world);
}

/* ---- What steps say ---- */

static void stand(const struct tha_world *world, struct standing *ways, const struct tha_scenario_step *step,
                  uint64_t now_ms)
{
    const struct standing standing = {&step->manner, now_ms, world->words};

    if (step->of & THA_CONDUCT_OF_PROBES)
        ways[PROBES] = standing;
    if (step->of & THA_CONDUCT_OF_CALLS)
        ways[CALLS] = standing;
}

static void stand_trunks(struct tha_world *world, uint32_t first, uint32_t n, const struct tha_scenario_step *step,
                         uint64_t now_ms)
{
    for (uint32_t i = first; i < first + n; i++)
        stand(world, world->carriers[i].ways, step, now_ms);
}

static void stand_whom(struct tha_world *world, const char *whom, const struct tha_scenario_step *step, uint64_t now_ms)
{
    const struct tha_trunk_model *trunk = tha_map_find(&world->trunks, whom);
    const struct tha_group_model *group = tha_map_find(&world->groups, whom);
    struct tha_addr addr;
    struct place *place;

    if (trunk)
        stand(world, world->carriers[trunk - world->model->trunks].ways, step, now_ms);
    if (group)
        stand_trunks(world, group->first_trunk, group->n_trunks, step, now_ms);
    if (trunk || group || !read_address(whom, &addr))
        return;

    place = find_place(world, &addr);
    if (place)
        stand(world, place->ways, step, now_ms);
}

void tha_world_take_step(struct tha_world *world, const struct tha_scenario_step *step, uint64_t now_ms)
{
    if (step->kind == THA_STEP_HOME)
        world->is_home_cut = step->is_cut;
    if (step->kind != THA_STEP_MANNER)
        return;

    world->words++;
    for (uint32_t i = 0; i < step->n_whom; i++)
        stand_whom(world, step->whom[i], step, now_ms);
    if (!step->n_whom)
        stand_trunks(world, 0, world->model->n_trunks, step, now_ms);
}

/* ---- What comes of it ---- */

static bool is_flapping(const struct standing *standing)
{
    return standing->word && standing->manner->up_ms && standing->manner->down_ms;
}

/** The later word of @p standing and what was said of @p addr. */
static const struct standing *outrank(const struct tha_world *world, const struct standing *standing,
                                      const struct tha_addr *addr, unsigned way)
{
    const struct place *place = find_place(world, addr);

    return place && place->ways[way].word > standing->word ? &place->ways[way] : standing;
}

static const struct standing *standing_of(const struct tha_world *world, uint32_t trunk, const struct tha_addr *addr,
                                          unsigned way)
{
    struct tha_addr all_ports = *addr;

    all_ports.port = 0;

    return outrank(world, outrank(world, &world->carriers[trunk].ways[way], addr, way), &all_ports, way);
}

/** How far into its turn of down and up it is. */
static uint64_t phase_of(const struct standing *standing, uint64_t now_ms)
{
    return (now_ms - standing->since_ms) % ((uint64_t)standing->manner->down_ms + standing->manner->up_ms);
}

static const struct tha_manner *manner_of(const struct tha_world *world, const struct standing *standing, uint64_t now_ms)
{
    bool is_up = is_flapping(standing) && phase_of(standing, now_ms) >= standing->manner->down_ms;

    return standing->word && !is_up ? standing->manner : &world->usual;
}

void tha_world_send(struct tha_world *world, uint32_t trunk, const struct tha_addr *addr, uint32_t of, uint64_t now_ms,
                    struct tha_echo *ret_echo)
{
    const struct standing *standing = standing_of(world, trunk, addr, of == THA_CONDUCT_OF_CALLS ? CALLS : PROBES);
    const struct tha_manner *manner = manner_of(world, standing, now_ms);
    bool is_lost = manner->loss_permille && tha_dice_below(&world->dice, 1000) < manner->loss_permille;

    *ret_echo = (struct tha_echo){
        .conduct = is_lost || world->is_home_cut ? THA_CONDUCT_SILENT : manner->conduct,
        .code = manner->code,
        .retry_after_s = manner->retry_after_s,
        .after_ms = manner->rtt_ms,
    };
}

uint32_t tha_world_conduct(const struct tha_world *world, uint32_t trunk, const struct tha_addr *addr, uint64_t now_ms)
{
    return world->is_home_cut ? THA_CONDUCT_SILENT
                              : manner_of(world, standing_of(world, trunk, addr, CALLS), now_ms)->conduct;
}

bool tha_world_is_home_cut(const struct tha_world *world)
{
    return world->is_home_cut;
}

static bool fails(const struct tha_manner *manner)
{
    return manner->conduct != THA_CONDUCT_WELL || manner->loss_permille >= 1000;
}

bool tha_world_is_faulty(const struct tha_world *world, uint32_t trunk, const struct tha_addr *addr, uint64_t now_ms)
{
    return world->is_home_cut || fails(manner_of(world, standing_of(world, trunk, addr, PROBES), now_ms)) ||
           fails(manner_of(world, standing_of(world, trunk, addr, CALLS), now_ms));
}

static uint64_t flip_of(const struct standing *standing, uint64_t now_ms)
{
    uint64_t phase;

    if (!is_flapping(standing))
        return THA_NEVER;

    phase = phase_of(standing, now_ms);

    return now_ms - phase + standing->manner->down_ms + (phase < standing->manner->down_ms ? 0 : standing->manner->up_ms);
}

uint64_t tha_world_next_flip(const struct tha_world *world, uint32_t trunk, const struct tha_addr *addr, uint64_t now_ms)
{
    uint64_t of_probes = flip_of(standing_of(world, trunk, addr, PROBES), now_ms);
    uint64_t of_calls = flip_of(standing_of(world, trunk, addr, CALLS), now_ms);

    return of_probes < of_calls ? of_probes : of_calls;
}
