/* Every short life of a link: all sequences of steps up to a length, each step compared with a plain model of what a
 * link should do. A link holds no pointer into itself, so going back to an earlier state is copying its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/link.h"
#include "core/store.h"
#include "core/test_link.h"
#include <cmocka.h>

enum { STEPS_MAX = 13, FRAMES_MAX = 16, LINK_BYTES = 16384 };
enum { KEY = WEIR_FRAME_KEY, GAP = WEIR_FRAME_GAP, LOOSE = WEIR_FRAME_DISCARDABLE };

typedef enum step { OFFER, OFFER_KEY, OFFER_LOOSE, TAKE, DONE, AGE, END, CUT, DISCARD, STEPS } step;
static const char *const step_name[STEPS] = {"offer", "offer-key", "offer-loose", "take",   "done",
                                             "age",   "end",       "cut",         "discard"};

typedef struct sent {
    int64_t number, captured_ns;
    uint16_t flags;
    uint32_t bytes;
} sent;

/* What a link should do, in the plainest words. */
typedef struct model {
    sent queue[FRAMES_MAX];
    unsigned count;
    uint64_t offered, taken, most, dropped[WEIR_REASONS];
    bool refused_one, lost_one; /* since the last one that was accepted, or left */
    bool need_key, orphans;     /* by the producer's side, by the consumer's */
    bool starved, ended, cut, in_hand;
    int64_t now;
} model;

typedef struct walk {
    const char *name;
    wr_link_config config;
    unsigned length;
} walk;

static struct {
    const walk *walk;
    wr_link link;
    wr_bell producer_bell, consumer_bell;
    wr_store *store;
    weir_ref ref;
    step path[STEPS_MAX];
    uint64_t visited;
} now;

static void check(bool good, const char *what, unsigned length)
{
    char path[256] = "";
    if (good)
        return;
    for (unsigned i = 0; i <= length; i++)
        strcat(strcat(path, " "), step_name[now.path[i]]);
    fail_msg("%s: %s, after%s", now.walk->name, what, path);
}

/* --- the model --- */

static uint32_t waiting_bytes(const model *m)
{
    uint32_t sum = 0;
    for (unsigned i = m->in_hand ? 1 : 0; i < m->count; i++) /* what is in hand does not wait */
        sum += m->queue[i].bytes;
    return sum;
}

static void remove_first(model *m)
{
    memmove(m->queue, m->queue + 1, --m->count * sizeof *m->queue);
}

static void let_go_first(model *m, weir_reason reason)
{
    remove_first(m);
    m->dropped[reason]++;
    m->lost_one = true;
}

static bool bytes_fit(const model *m, uint32_t more, unsigned quarters)
{
    uint64_t limit = now.walk->config.limit_bytes;
    return limit == 0 || waiting_bytes(m) == 0 || waiting_bytes(m) + more <= limit * quarters / 4;
}

static int packet_refused(model *m, const sent *frame)
{
    const wr_link_config *c = &now.walk->config;
    bool full = m->count >= c->policy.depth || (!c->waits && !bytes_fit(m, frame->bytes, 4));
    bool tight = m->count >= c->policy.depth - c->policy.depth / 4 || !bytes_fit(m, frame->bytes, 3);
    if (m->need_key && !(frame->flags & KEY))
        return WEIR_UNDECODABLE;
    if ((full || (tight && !c->waits)) && frame->flags & LOOSE)
        return WEIR_OVERFLOW;
    m->need_key = full;
    return full ? WEIR_OVERFLOW : -1;
}

static int refused(model *m, const sent *frame)
{
    const wr_link_config *c = &now.walk->config;
    bool full = m->count == c->policy.depth;
    if (m->cut)
        return WEIR_LOST;
    if (c->packets)
        return packet_refused(m, frame);
    if (full && (c->policy.take == WEIR_LATEST || c->policy.take == WEIR_NEWEST))
        let_go_first(m, WEIR_SUPERSEDED);
    else if (full)
        return WEIR_OVERFLOW;
    return -1;
}

static bool model_offer(model *m, sent frame)
{
    int reason = refused(m, &frame);
    m->offered++;
    if (reason >= 0) {
        m->dropped[reason]++;
        m->refused_one = true;
        return false;
    }
    frame.flags |= m->refused_one ? GAP : 0;
    m->refused_one = false;
    m->queue[m->count++] = frame;
    if (m->count > m->most)
        m->most = m->count;
    return true;
}

static void model_done(model *m)
{
    if (!m->in_hand)
        return;
    m->in_hand = false;
    remove_first(m);
    m->taken++;
}

static void model_discard(model *m)
{
    model_done(m);
    while (m->count)
        let_go_first(m, WEIR_LOST);
    m->lost_one = false;
}

static void model_jump(model *m)
{
    unsigned newest = 0;
    for (unsigned i = 0; i < m->count; i++)
        if (m->queue[i].flags & KEY)
            newest = i;
    while (now.walk->config.packets && now.walk->config.policy.take == WEIR_LATEST && newest-- > 0)
        let_go_first(m, WEIR_SUPERSEDED);
}

static wr_taken model_take(model *m, sent *frame)
{
    const wr_link_config *c = &now.walk->config;
    if (m->cut)
        model_discard(m);
    while (m->count) {
        model_jump(m);
        *frame = m->queue[0];
        bool late = c->policy.max_age_ns && m->now - frame->captured_ns > c->policy.max_age_ns;
        if (m->orphans && !(frame->flags & KEY)) {
            let_go_first(m, WEIR_UNDECODABLE);
            continue;
        }
        m->orphans = late && c->packets && !(frame->flags & LOOSE);
        if (late) {
            let_go_first(m, WEIR_EXPIRED);
            continue;
        }
        frame->flags |= m->lost_one ? GAP : 0;
        m->lost_one = false;
        m->in_hand = true;
        if (!c->held)
            model_done(m);
        return WR_TAKEN;
    }
    return m->ended ? WR_ENDED : WR_EMPTY;
}

static bool model_room(model *m)
{
    const wr_link_config *c = &now.walk->config;
    unsigned half = (c->policy.depth + 1) / 2;
    unsigned want = !m->starved ? c->burst : half > c->burst ? half : c->burst;
    if (!c->waits || m->cut)
        return true;
    m->starved = m->count > c->policy.depth - want || !bytes_fit(m, 0, m->starved ? 2 : 3);
    return !m->starved;
}

/* --- one step of both --- */

static void do_offer(model *m, uint16_t flags, unsigned length)
{
    sent as_sent = {.number = (int64_t)m->offered + 1, .captured_ns = m->now, .flags = flags};
    as_sent.bytes = now.walk->config.packets ? 10 * (uint32_t)(1 + m->offered % 3) : 0;
    weir_frame frame = {.number = as_sent.number, .captured_ns = m->now, .flags = flags, .count = 1};
    frame.refs[0] = now.ref;
    frame.refs[0].bytes = as_sent.bytes;
    wr_ref_add(&now.ref);
    bool accepted = model_offer(m, as_sent);
    wr_test_offer(&now.link, &frame, m->now);
    check((atomic_load(&now.consumer_bell.word) == 0) == accepted, "the consumer is rung for what was accepted",
          length);
}

static void do_take(model *m, unsigned length)
{
    weir_frame frame;
    sent expected = {0};
    wr_taken taken = wr_link_take(&now.link, &frame, m->now);
    check(taken == model_take(m, &expected), "take says something else", length);
    if (taken != WR_TAKEN) {
        check(frame.count == 0, "a frame where there is none", length);
        return;
    }
    check(frame.number == expected.number && frame.captured_ns == expected.captured_ns &&
              frame.flags == expected.flags && frame.count == 1 && frame.refs[0].bytes == expected.bytes,
          "another frame was taken", length);
    weir_frame_drop(&frame);
}

static void do_step(model *m, step what, unsigned length)
{
    static const uint16_t flags[] = {[OFFER] = 0, [OFFER_KEY] = KEY, [OFFER_LOOSE] = LOOSE};
    switch (what) {
    case OFFER:
    case OFFER_KEY:
    case OFFER_LOOSE:
        do_offer(m, flags[what], length);
        break;
    case TAKE:
        do_take(m, length);
        break;
    case DONE:
        model_done(m);
        wr_link_done(&now.link);
        break;
    case AGE:
        m->now++;
        break;
    case END:
        m->ended = true;
        wr_link_end(&now.link);
        break;
    case CUT:
        m->cut = true;
        wr_link_cut(&now.link);
        break;
    default:
        model_discard(m);
        wr_link_discard(&now.link);
    }
}

static bool possible(const model *m, step what, bool room)
{
    const wr_link_config *c = &now.walk->config;
    switch (what) {
    case OFFER:
        return !m->ended && room;
    case OFFER_KEY:
    case OFFER_LOOSE:
        return !m->ended && room && c->packets;
    case TAKE:
        return !m->in_hand;
    case DONE:
        return m->in_hand;
    case AGE:
        return c->policy.max_age_ns && m->count > 0;
    case DISCARD:
        return m->cut && m->count > 0;
    case CUT:
        return !m->cut;
    default:
        return !m->ended;
    }
}

static void compare(const model *m, unsigned length)
{
    weir_link_stats stats = {0};
    wr_link_read(&now.link, &stats);
    check(stats.offered == m->offered && stats.taken == m->taken, "offered or taken differs", length);
    check(memcmp(stats.dropped, m->dropped, sizeof stats.dropped) == 0, "what was dropped differs", length);
    check(stats.waiting == m->count && stats.waiting_max == m->most, "what waits differs", length);
    check(wr_link_waiting(&now.link) == m->count && wr_link_empty(&now.link) == (m->count == 0), "empty", length);
    unsigned held = m->count - (m->in_hand ? 1 : 0);
    check(atomic_load(&now.store->slot[now.ref.slot].refs) == 1 + held, "references were lost or kept", length);
}

/* --- all sequences --- */

typedef struct saved {
    wr_link link;
    uint32_t refs;
    model model;
    unsigned char bytes[LINK_BYTES];
} saved;

static void save(saved *s, const model *m)
{
    s->link = now.link;
    s->refs = atomic_load(&now.store->slot[now.ref.slot].refs);
    s->model = *m;
    memcpy(s->bytes, now.link.shared, wr_link_cost(&now.walk->config));
}

static void restore(const saved *s, model *m)
{
    now.link = s->link;
    atomic_store(&now.store->slot[now.ref.slot].refs, s->refs);
    *m = s->model;
    memcpy(now.link.shared, s->bytes, wr_link_cost(&now.walk->config));
}

static void go_on(model *m, unsigned length)
{
    static saved all[STEPS_MAX];
    bool starved = m->starved;
    bool room = wr_link_room(&now.link);
    bool expected = model_room(m);
    if (length > 0) {
        check(room == expected, "room differs", length - 1);
        check(!starved || !room || m->cut || atomic_load(&now.producer_bell.word) == 0, "nobody woke the producer",
              length - 1);
        check(wr_link_is_awaited(&now.link) == (m->starved && !m->cut && !m->ended), "awaited differs", length - 1);
    }
    if (length == now.walk->length)
        return;
    save(&all[length], m);
    for (step what = 0; what < STEPS; what++) {
        if (!possible(m, what, room))
            continue;
        now.path[length] = what;
        now.visited++;
        wr_bell_arm(&now.producer_bell);
        wr_bell_arm(&now.consumer_bell);
        do_step(m, what, length);
        compare(m, length);
        go_on(m, length + 1);
        restore(&all[length], m);
    }
}

static void run_walk(void **state)
{
    model m = {0};
    memset(&now, 0, sizeof now);
    now.walk = *state;
    now.store = wr_store_new(WEIR_KIND_PACKET, 1, 64, 0);
    assert_non_null(now.store);
    assert_true(wr_store_take(now.store, 64, &now.ref));
    wr_link_config config = now.walk->config;
    config.kinds = UINT64_MAX;
    assert_true(wr_link_open(&now.link, &config));
    assert_in_range(wr_link_cost(&now.walk->config), 1, LINK_BYTES);
    now.link.producer_bell = &now.producer_bell;
    now.link.consumer_bell = &now.consumer_bell;
    go_on(&m, 0);
    print_message("[ %s: %llu steps ]\n", now.walk->name, (unsigned long long)now.visited);
    wr_link_close(&now.link);
    wr_ref_release(&now.ref);
    wr_store_free(now.store);
}

#define CONFIG(...)                                                                                                    \
    {                                                                                                                  \
        .burst = 1, .streams = 1, __VA_ARGS__                                                                          \
    }
#define POLICY(...) .policy = {__VA_ARGS__}

static walk walks[] = {
    {"latest", CONFIG(POLICY(.take = WEIR_LATEST, .depth = 1)), 11},
    {"newest=2", CONFIG(POLICY(.take = WEIR_NEWEST, .depth = 2)), 11},
    {"newest=3, max_age", CONFIG(POLICY(.take = WEIR_NEWEST, .depth = 3, .max_age_ns = 1)), 9},
    {"oldest=1", CONFIG(POLICY(.take = WEIR_OLDEST, .depth = 1)), 11},
    {"oldest=2, max_age", CONFIG(POLICY(.take = WEIR_OLDEST, .depth = 2, .max_age_ns = 1)), 9},
    {"every live, held", CONFIG(POLICY(.depth = 2), .held = true), 11},
    {"every live, held, max_age", CONFIG(POLICY(.depth = 3, .max_age_ns = 1), .held = true), 9},
    {"every waits, depth 1", CONFIG(POLICY(.depth = 1), .waits = true), 11},
    {"every waits, depth 3", CONFIG(POLICY(.depth = 3), .waits = true), 11},
    {"every waits, burst 2 of 3", {.burst = 2, .streams = 1, POLICY(.depth = 3), .waits = true}, 11},
    {"every waits, held", CONFIG(POLICY(.depth = 2), .waits = true, .held = true), 11},
    {"every waits, max_age", CONFIG(POLICY(.depth = 2, .max_age_ns = 1), .waits = true), 9},
    {"packets, depth 2", CONFIG(POLICY(.depth = 2), .packets = true), 7},
    {"packets, depth 4", CONFIG(POLICY(.depth = 4), .packets = true), 7},
    {"packets, max_age", CONFIG(POLICY(.depth = 4, .max_age_ns = 1), .packets = true), 7},
    {"packets, by bytes", CONFIG(POLICY(.depth = 8), .packets = true, .limit_bytes = 45), 7},
    {"packets, wait for bytes", CONFIG(POLICY(.depth = 8), .packets = true, .waits = true, .limit_bytes = 45), 7},
    {"packets, latest", CONFIG(POLICY(.take = WEIR_LATEST, .depth = 8), .packets = true), 7},
};

int main(void)
{
    enum { WALKS = sizeof walks / sizeof *walks };
    struct CMUnitTest tests[WALKS];
    for (int i = 0; i < WALKS; i++)
        tests[i] = (struct CMUnitTest){.name = walks[i].name, .test_func = run_walk, .initial_state = &walks[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
