/* A link between two threads: each notes every frame that it sent or got, and at the end the accounts must say the
 * same, frame by frame; a third thread reads the accounts all the while. Then the same with a link as between processes,
 * whose consumer has the frames by an import: in one process, and by one mapping, so that ThreadSanitizer sees it all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/link.h"
#include "core/store.h"
#include "os/barrier.h"
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <weir/packet.h>

enum { FRAMES = 20000, GROUP = 12, ITEM_BYTES = 256, DATA_BYTES = 128 };
enum { NUMBERS = WEIR_KINDS_BUILTIN }; /* a kind of which nobody knows what is in it */
static const int64_t patience_ns = 20000000000;

typedef struct trial {
    const char *name;
    weir_policy policy;
    bool waits, packets, held, across;
    uint64_t limit_bytes;
    unsigned slow_consumer, slow_producer; /* rounds of idle work, at most */
    int cut_at;                            /* the consumer leaves after so many frames; 0: never */
} trial;

typedef struct table {
    const trial *trial;
    wr_link link;
    wr_store *store, *import; /* import: the consumer's, across */
    wr_hold_store carried;
    wr_bell producer_bell, consumer_bell;
    _Atomic int64_t now; /* number of the newest frame sent: the clock of this test */
    _Atomic bool over;
    _Atomic uint64_t looks;     /* of the consumer */
    uint16_t flags[FRAMES + 1]; /* by number, as sent; the producer's notes */
    int64_t got[FRAMES + 1];    /* the consumer's notes */
    uint16_t got_flags[FRAMES + 1];
    int got_count;
    const char *wrong; /* a thread found something; the first counts */
    uint64_t snapshots;
} table;

static void idle_work(unsigned most, uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    for (volatile unsigned i = 0, n = most ? (*random >> 8) % most : 0; i < n; i++)
        ;
}

static void wrong(table *t, const char *what)
{
    if (!t->wrong)
        t->wrong = what;
}

/* The numbers in a frame: at the start and the end of its item, or of the data of its packet. */
static int64_t *numbers_in(const weir_frame *frame, bool packet)
{
    uint8_t *data = (uint8_t *)wr_ref_data(&frame->refs[0]);
    return (int64_t *)(packet ? (uint8_t *)weir_packet_data((const weir_packet *)data) : data);
}

/* As a strand does: arm, look once more, wait. */
static bool doze(table *t, wr_bell *bell)
{
    int64_t until_ns = weir_clock_now(NULL) + patience_ns;
    wr_clock_wait(NULL, &bell->word, until_ns);
    if (weir_clock_now(NULL) < until_ns)
        return true;
    wrong(t, "nobody woke a sleeper");
    return false;
}

static bool await_room(table *t)
{
    while (!wr_link_room(&t->link)) {
        wr_bell_arm(&t->producer_bell);
        if (wr_link_consumer_is_hasty(&t->link))
            wr_barrier();
        if (wr_link_room(&t->link)) {
            wr_bell_disarm(&t->producer_bell);
            return true;
        }
        if (!doze(t, &t->producer_bell))
            return false;
    }
    return true;
}

/* A producer that never waits would be done before its consumer has begun: now and then it lets the other have a look. */
static void keep_together(table *t, uint32_t *random)
{
    uint64_t seen = atomic_load(&t->looks);
    *random = *random * 1664525u + 1013904223u;
    if (t->trial->waits || (*random >> 8) % 8 > 0)
        return;
    while (atomic_load(&t->looks) == seen && !wr_link_is_cut(&t->link) && atomic_load(&t->consumer_bell.word) == 0)
        sched_yield();
}

static uint16_t flags_of(const table *t, int64_t number)
{
    if (!t->trial->packets)
        return 0;
    int64_t place = (number - 1) % GROUP;
    return place == 0 ? WEIR_FRAME_KEY : place % 3 == 2 ? WEIR_FRAME_DISCARDABLE : 0;
}

/* False if the store is full. */
static bool make_frame(table *t, int64_t number, weir_frame *frame)
{
    bool packet = t->trial->packets;
    *frame = (weir_frame){.number = number, .order = number * 3, .captured_ns = number, .pts_ns = ~number};
    frame->flags = t->flags[number] = flags_of(t, number);
    if (!wr_store_take(t->store, ITEM_BYTES, &frame->refs[0]))
        return false;
    frame->count = 1;
    if (packet)
        *(weir_packet *)wr_ref_data(&frame->refs[0]) =
            (weir_packet){.offset = sizeof(weir_packet), .bytes = DATA_BYTES};
    int64_t *data = numbers_in(frame, packet);
    data[0] = data[DATA_BYTES / 8 - 1] = number;
    return true;
}

static void *produce(void *user)
{
    table *t = user;
    uint32_t random = 7;
    for (int64_t number = 1; number <= FRAMES && await_room(t); number++) {
        weir_frame frame;
        if (!make_frame(t, number, &frame)) {
            wrong(t, "the store was full: references were lost");
            break;
        }
        atomic_store(&t->now, number);
        if (wr_link_publish(&t->link, &frame, number)) {
            wr_bell_fence();
            wr_link_ring(&t->link);
        }
        weir_frame_drop(&frame);
        idle_work(t->trial->slow_producer, &random);
        keep_together(t, &random);
    }
    wr_link_end(&t->link);
    return NULL;
}

static void note(table *t, const weir_frame *frame)
{
    const int64_t *data = frame->count == 1 ? numbers_in(frame, t->trial->packets) : NULL;
    if (!data || data[0] != frame->number || data[DATA_BYTES / 8 - 1] != frame->number)
        wrong(t, "a frame came without what it was sent with");
    if (frame->order != frame->number * 3 || frame->pts_ns != ~frame->number || frame->captured_ns != frame->number)
        wrong(t, "a frame came torn");
    if (t->got_count > FRAMES) {
        wrong(t, "more frames came than were sent");
        return;
    }
    t->got[t->got_count] = frame->number;
    t->got_flags[t->got_count++] = frame->flags;
}

static wr_taken take(table *t, weir_frame *frame)
{
    return wr_link_take(&t->link, frame, atomic_load(&t->now));
}

static void *consume(void *user)
{
    table *t = user;
    uint32_t random = 99;
    weir_frame frame;
    bool armed = false;
    for (;;) {
        atomic_fetch_add(&t->looks, 1);
        wr_taken taken = take(t, &frame);
        if (taken == WR_ENDED)
            break;
        if (taken == WR_EMPTY) {
            if (armed && !doze(t, &t->consumer_bell))
                break;
            if (!armed)
                wr_bell_arm(&t->consumer_bell);
            if (!armed && wr_link_producer_is_hasty(&t->link))
                wr_barrier();
            armed = !armed;
            continue;
        }
        if (armed)
            wr_bell_disarm(&t->consumer_bell);
        armed = false;
        note(t, &frame);
        idle_work(t->trial->slow_consumer, &random);
        weir_frame_drop(&frame);
        wr_link_done(&t->link);
        if (t->trial->cut_at && t->got_count == t->trial->cut_at) {
            wr_link_cut(&t->link);
            while (!atomic_load(&t->link.shared->ended))
                wr_link_discard(&t->link);
            wr_link_discard(&t->link);
            break;
        }
    }
    atomic_store(&t->over, true);
    return NULL;
}

static uint64_t sum_dropped(const weir_link_stats *stats)
{
    uint64_t sum = 0;
    for (int r = 0; r < WEIR_REASONS; r++)
        sum += stats->dropped[r];
    return sum;
}

static void *watch(void *user)
{
    table *t = user;
    weir_link_stats before = {0};
    while (!atomic_load(&t->over)) {
        weir_link_stats now = {0};
        wr_link_read(&t->link, &now);
        if (now.offered != now.taken + sum_dropped(&now) + now.waiting)
            wrong(t, "a snapshot does not add up");
        unsigned in_hands = t->trial->across ? 2 : 0; /* of each side, if it stands still within its turn */
        if (now.waiting > now.waiting_max + in_hands || now.waiting_max > t->link.config.policy.depth)
            wrong(t, "more waits than may");
        if (now.offered < before.offered || now.taken < before.taken || sum_dropped(&now) < sum_dropped(&before))
            wrong(t, "a counter went back");
        before = now;
        t->snapshots++;
        sched_yield();
    }
    return NULL;
}

/* --- what must be true of the notes --- */

static void check_flags(const table *t)
{
    int64_t before = 0;
    for (int i = 0; i < t->got_count; i++) {
        int64_t number = t->got[i];
        uint16_t expected = (uint16_t)(t->flags[number] | (number != before + 1 ? WEIR_FRAME_GAP : 0));
        assert_true(number > before);
        assert_int_equal(t->got_flags[i], expected);
        before = number;
    }
}

/* Every frame that came can be decoded: since its key frame, nothing that others need is missing. */
static void check_decodable(const table *t)
{
    int64_t decoded = 0; /* newest frame of an unbroken chain */
    for (int i = 0; i < t->got_count; i++) {
        int64_t number = t->got[i];
        bool chained = true;
        for (int64_t n = decoded + 1; n < number; n++)
            chained &= (t->flags[n] & WEIR_FRAME_DISCARDABLE) != 0;
        if (!(t->flags[number] & WEIR_FRAME_KEY))
            assert_true(decoded > 0 && chained);
        decoded = number;
    }
}

static void check_reasons(const trial *about, const weir_link_stats *stats)
{
    weir_take policy = about->policy.take;
    if (about->cut_at == 0)
        assert_int_equal(stats->dropped[WEIR_LOST], 0);
    if (policy != WEIR_LATEST && policy != WEIR_NEWEST)
        assert_int_equal(stats->dropped[WEIR_SUPERSEDED], 0);
    else if (!about->packets)
        assert_int_equal(stats->dropped[WEIR_OVERFLOW], 0);
    if (about->waits)
        assert_int_equal(stats->dropped[WEIR_OVERFLOW], 0);
    if (!about->policy.max_age_ns)
        assert_int_equal(stats->dropped[WEIR_EXPIRED], 0);
    if (!about->packets)
        assert_int_equal(stats->dropped[WEIR_UNDECODABLE], 0);
}

static void check_accounts(table *t)
{
    weir_link_stats stats = {0};
    const trial *about = t->trial;
    wr_link_read(&t->link, &stats);
    assert_int_equal(stats.offered, FRAMES);
    assert_int_equal(stats.taken, t->got_count);
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(sum_dropped(&stats), FRAMES - t->got_count);
    assert_int_equal(stats.age.count, t->got_count);
    check_reasons(about, &stats);
    check_flags(t);
    if (about->packets)
        check_decodable(t);
    if (about->waits && !about->policy.max_age_ns && !about->cut_at)
        assert_int_equal(t->got_count, FRAMES);
    if ((about->policy.take == WEIR_LATEST || about->policy.take == WEIR_NEWEST) && !about->packets && !about->cut_at)
        assert_int_equal(t->got[t->got_count - 1], FRAMES); /* the newest is never let go for an older one */
}

/* Nobody holds anything any more. */
static void check_store(const table *t)
{
    static weir_ref ref[80];
    if (!t->import)
        assert_int_equal(atomic_load(&t->store->in_use_bytes), 0);
    else
        assert_int_equal(wr_store_held(t->import), 0);
    for (uint32_t i = 0; i < t->store->slots; i++)
        assert_true(wr_store_take(t->store, ITEM_BYTES, &ref[i]));
    for (uint32_t i = 0; i < t->store->slots; i++)
        wr_ref_release(&ref[i]);
}

/* The consumer holds by an import what comes, and gives it back by the link. */
static void lend(table *t)
{
    const wr_hold *hold = &t->link.holds.hold[0];
    assert_true(wr_store_lend(t->store, 0, hold->given, hold->returned, &t->link.shared->retired, NULL));
    t->import = wr_store_import(t->carried.shared_id, t->carried.kind, t->carried.slots, &t->store->data_memory,
                                hold->returned);
    assert_non_null(t->import);
    t->link.holds.hold[0].import = t->import;
}

static void open_link(table *t)
{
    t->store->shared_id = 7;
    t->carried = (wr_hold_store){.shared_id = 7, .kind = t->store->kind, .slots = t->store->slots};
    const wr_link_config config = {.policy = t->trial->policy,
                                   .waits = t->trial->waits,
                                   .packets = t->trial->packets,
                                   .held = t->trial->held,
                                   .across = t->trial->across,
                                   .burst = 1,
                                   .streams = 1,
                                   .limit_bytes = t->trial->limit_bytes,
                                   .store = t->trial->across ? &t->carried : NULL,
                                   .stores = t->trial->across,
                                   .kinds = UINT64_MAX};
    assert_true(wr_link_open(&t->link, &config));
    if (t->trial->across)
        lend(t);
}

static void run_trial(void **state)
{
    static table tables;
    table *t = &tables;
    pthread_t producer, consumer, watcher;
    memset(t, 0, sizeof *t);
    t->trial = *state;
    uint32_t depth = t->trial->policy.depth;
    t->store = wr_store_new(t->trial->packets ? WEIR_KIND_PACKET : NUMBERS, depth + 3, ITEM_BYTES, 0);
    assert_non_null(t->store);
    open_link(t);
    t->link.producer_bell = &t->producer_bell;
    t->link.consumer_bell = &t->consumer_bell;
    assert_int_equal(pthread_create(&watcher, NULL, watch, t), 0);
    assert_int_equal(pthread_create(&consumer, NULL, consume, t), 0);
    assert_int_equal(pthread_create(&producer, NULL, produce, t), 0);
    pthread_join(producer, NULL);
    pthread_join(consumer, NULL);
    pthread_join(watcher, NULL);
    if (t->wrong)
        fail_msg("%s: %s", t->trial->name, t->wrong);
    check_accounts(t);
    check_store(t);
    print_message("[ %s: %d of %d came, %llu snapshots ]\n", t->trial->name, t->got_count, FRAMES,
                  (unsigned long long)t->snapshots);
    wr_link_close(&t->link);
    wr_store_free(t->import);
    wr_store_free(t->store);
}

#define EVERY(n)                                                                                                       \
    {                                                                                                                  \
        .take = WEIR_EVERY, .depth = n                                                                                 \
    }
#define NEWEST(n)                                                                                                      \
    {                                                                                                                  \
        .take = WEIR_NEWEST, .depth = n                                                                                \
    }
#define OLDEST(n)                                                                                                      \
    {                                                                                                                  \
        .take = WEIR_OLDEST, .depth = n                                                                                \
    }

static trial trials[] = {
    {.name = "every waits, depth 1", .policy = EVERY(1), .waits = true},
    {.name = "every waits, depth 2", .policy = EVERY(2), .waits = true, .slow_consumer = 300},
    {.name = "every waits, depth 7", .policy = EVERY(7), .waits = true, .slow_producer = 300},
    {.name = "every waits, depth 64", .policy = EVERY(64), .waits = true},
    {.name = "every waits, held, depth 1", .policy = EVERY(1), .waits = true, .held = true},
    {.name = "every waits, held, depth 3", .policy = EVERY(3), .waits = true, .held = true, .slow_consumer = 300},
    {.name = "every live, depth 1", .policy = EVERY(1), .slow_consumer = 500},
    {.name = "every live, depth 8", .policy = EVERY(8), .slow_consumer = 500, .slow_producer = 300},
    {.name = "every live, held, depth 2", .policy = EVERY(2), .held = true, .slow_consumer = 500, .slow_producer = 500},
    {.name = "latest", .policy = {.take = WEIR_LATEST, .depth = 1}, .slow_producer = 300, .slow_consumer = 300},
    {.name = "latest, fast", .policy = {.take = WEIR_LATEST, .depth = 1}},
    {.name = "latest, slow consumer", .policy = {.take = WEIR_LATEST, .depth = 1}, .slow_consumer = 3000},
    {.name = "newest=2", .policy = NEWEST(2), .slow_producer = 200, .slow_consumer = 300},
    {.name = "newest=3, fast", .policy = NEWEST(3)},
    {.name = "newest=5", .policy = NEWEST(5), .slow_consumer = 500, .slow_producer = 300},
    {.name = "newest=16, max_age",
     .policy = {.take = WEIR_NEWEST, .depth = 16, .max_age_ns = 8},
     .slow_consumer = 600,
     .slow_producer = 300},
    {.name = "oldest=1", .policy = OLDEST(1), .slow_consumer = 600, .slow_producer = 300},
    {.name = "oldest=6, max_age",
     .policy = {.take = WEIR_OLDEST, .depth = 6, .max_age_ns = 5},
     .slow_consumer = 600,
     .slow_producer = 300},
    {.name = "every waits, max_age", .policy = {.take = WEIR_EVERY, .depth = 16, .max_age_ns = 4}, .waits = true},
    {.name = "every waits, held, max_age",
     .policy = {.take = WEIR_EVERY, .depth = 16, .max_age_ns = 4},
     .waits = true,
     .held = true},
    {.name = "packets, every waits", .policy = EVERY(16), .waits = true, .packets = true},
    {.name = "packets, every waits, by bytes",
     .policy = EVERY(64),
     .waits = true,
     .packets = true,
     .limit_bytes = 6 * ITEM_BYTES},
    {.name = "packets, every waits, a packet above the limit",
     .policy = EVERY(64),
     .waits = true,
     .packets = true,
     .limit_bytes = 200},
    {.name = "packets, every live", .policy = EVERY(16), .packets = true, .slow_consumer = 500, .slow_producer = 300},
    {.name = "packets, every live, by bytes",
     .policy = EVERY(64),
     .packets = true,
     .limit_bytes = 8 * ITEM_BYTES,
     .slow_consumer = 500,
     .slow_producer = 300},
    {.name = "packets, latest",
     .policy = {.take = WEIR_LATEST, .depth = 64},
     .packets = true,
     .slow_consumer = 500,
     .slow_producer = 300},
    {.name = "packets, oldest=8", .policy = OLDEST(8), .packets = true, .slow_consumer = 500, .slow_producer = 300},
    {.name = "packets, max_age",
     .policy = {.take = WEIR_EVERY, .depth = 64, .max_age_ns = 9},
     .packets = true,
     .slow_consumer = 500,
     .slow_producer = 300},
    {.name = "cut, every waits", .policy = EVERY(4), .waits = true, .cut_at = 5000},
    {.name = "cut, every waits, held", .policy = EVERY(4), .waits = true, .held = true, .cut_at = 5000},
    {.name = "cut, latest", .policy = {.take = WEIR_LATEST, .depth = 1}, .cut_at = 2000},
    {.name = "cut, packets", .policy = EVERY(16), .packets = true, .cut_at = 1000},
};

int main(void)
{
    enum { TRIALS = sizeof trials / sizeof *trials };
    static trial across[TRIALS];
    static char name[TRIALS][80];
    struct CMUnitTest tests[2 * TRIALS];
    for (int i = 0; i < TRIALS; i++) {
        across[i] = trials[i];
        across[i].across = true;
        across[i].name = name[i];
        snprintf(name[i], sizeof name[i], "across, %s", trials[i].name);
        tests[i] = (struct CMUnitTest){.name = trials[i].name, .test_func = run_trial, .initial_state = &trials[i]};
        tests[TRIALS + i] = (struct CMUnitTest){.name = name[i], .test_func = run_trial, .initial_state = &across[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
