/* Stores: what fits, what is counted, and references that several threads give up at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/store.h"
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>

static uint64_t in_use(wr_store *store)
{
    return atomic_load(&store->in_use_bytes);
}

static uint64_t peak(wr_store *store)
{
    return atomic_load(&store->peak_bytes);
}

static uint64_t offset_of(const wr_store *store, weir_ref ref)
{
    return (uint64_t)((uint8_t *)wr_ref_data(&ref) - store->data);
}

static weir_ref taken(wr_store *store, size_t bytes)
{
    weir_ref ref;
    if (!wr_store_take(store, bytes, &ref))
        fail_msg("%zu bytes do not fit", bytes);
    return ref;
}

static void test_equal_items(void **state)
{
    (void)state;
    wr_store *store = wr_store_new(WEIR_KIND_PICTURE, 3, 100, 0);
    weir_ref ref[3], more;
    assert_non_null(store);
    for (int i = 0; i < 3; i++) {
        ref[i] = taken(store, i == 0 ? 128 : 100); /* rooms are whole lines */
        assert_int_equal((uintptr_t)wr_ref_data(&ref[i]) % WR_STORE_ALIGN, 0);
        assert_int_equal(ref[i].kind, WEIR_KIND_PICTURE);
        assert_int_equal(ref[i].bytes, i == 0 ? 128 : 100);
        memset(wr_ref_data(&ref[i]), i + 1, 128);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(ref[i].slot, ref[j].slot);
    }
    assert_false(wr_store_take(store, 1, &more));
    for (int i = 0; i < 3; i++)
        assert_int_equal(((uint8_t *)wr_ref_data(&ref[i]))[127], i + 1);
    assert_int_equal(in_use(store), 3 * 128);
    wr_ref_release(&ref[1]);
    assert_false(wr_store_take(store, 129, &more));
    assert_false(wr_store_take(store, (size_t)UINT32_MAX + 1, &more));
    more = taken(store, 0);
    assert_int_equal(more.slot, ref[1].slot);
    assert_int_equal(more.generation, ref[1].generation + 1);
    wr_ref_release(&ref[0]);
    wr_ref_release(&ref[2]);
    wr_ref_release(&more);
    assert_int_equal(in_use(store), 0);
    assert_int_equal(peak(store), 3 * 128);
    wr_store_free(store);
}

/* Memory that was never needed at once is never touched. */
static void test_the_first_free_slot_is_taken_again(void **state)
{
    (void)state;
    wr_store *store = wr_store_new(WEIR_KIND_PICTURE, 8, 64, 0);
    weir_ref kept = taken(store, 64);
    for (int i = 0; i < 20; i++) {
        weir_ref ref = taken(store, 64);
        assert_int_equal(kept.slot, 0);
        assert_int_equal(ref.slot, 1);
        wr_ref_release(&ref);
    }
    wr_ref_release(&kept);
    wr_store_free(store);
}

static void test_a_slot_is_free_after_the_last_reference(void **state)
{
    (void)state;
    wr_store *store = wr_store_new(WEIR_KIND_PICTURE, 1, 64, 0);
    weir_ref ref = taken(store, 64), more;
    wr_ref_add(&ref);
    wr_ref_add(&ref);
    for (int i = 0; i < 3; i++) {
        assert_false(wr_store_take(store, 64, &more));
        assert_int_equal(in_use(store), 64);
        wr_ref_release(&ref);
    }
    assert_int_equal(in_use(store), 0);
    more = taken(store, 64);
    wr_ref_release(&more);
    wr_store_free(store);
}

static void test_varied_items_take_the_first_gap(void **state)
{
    (void)state;
    wr_store *store = wr_store_new(WEIR_KIND_PACKET, 8, 0, 4096);
    weir_ref a = taken(store, 1000), b = taken(store, 60), c = taken(store, 2000), more;
    assert_int_equal(offset_of(store, a), 0);
    assert_int_equal(offset_of(store, b), 1024);
    assert_int_equal(offset_of(store, c), 1088);
    assert_int_equal(in_use(store), 1024 + 64 + 2048);
    assert_false(wr_store_take(store, 1000, &more)); /* 960 are left */
    wr_ref_release(&a);
    assert_false(wr_store_take(store, 1025, &more));      /* 1984 are free, but in two pieces */
    weir_ref d = taken(store, 65), e = taken(store, 897); /* 128, then 960 which do not fit there any more */
    assert_int_equal(offset_of(store, d), 0);
    assert_int_equal(offset_of(store, e), 3136);
    weir_ref f = taken(store, 0); /* something of no size has a place of its own */
    assert_int_equal(offset_of(store, f), 128);
    wr_ref_release(&b);
    weir_ref g = taken(store, 896);
    assert_int_equal(offset_of(store, g), 128 + 64);
    wr_ref_release(&c), wr_ref_release(&d), wr_ref_release(&e), wr_ref_release(&f), wr_ref_release(&g);
    assert_int_equal(in_use(store), 0);
    more = taken(store, 4096); /* nothing is left behind */
    assert_int_equal(peak(store), 4096);
    wr_ref_release(&more);
    wr_store_free(store);
}

static void test_varied_items_need_a_slot_each(void **state)
{
    (void)state;
    wr_store *store = wr_store_new(WEIR_KIND_PACKET, 2, 0, 4096);
    weir_ref a = taken(store, 1), b = taken(store, 1), more;
    assert_false(wr_store_take(store, 1, &more));
    wr_ref_release(&a);
    a = taken(store, 1);
    wr_ref_release(&a);
    wr_ref_release(&b);
    wr_store_free(store);
}

/* Against a map of bytes: nothing overlaps, and what is refused really does not fit. */
static void test_varied_items_at_random(void **state)
{
    (void)state;
    enum { BYTES = 8192, LINES = BYTES / WR_STORE_ALIGN, SLOTS = 24, ROUNDS = 20000 };
    wr_store *store = wr_store_new(WEIR_KIND_PACKET, SLOTS, 0, BYTES);
    weir_ref ref[SLOTS];
    uint8_t owner[LINES] = {0};
    bool used[SLOTS] = {false};
    uint32_t random = 5, refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
        random = random * 1664525u + 1013904223u;
        uint32_t i = random >> 8 & 31, bytes = (random >> 16) % 1500 + 1;
        size_t lines = (bytes + WR_STORE_ALIGN - 1) / WR_STORE_ALIGN, run = 0, longest = 0;
        if (i >= SLOTS)
            continue;
        if (used[i]) {
            memset(owner + offset_of(store, ref[i]) / WR_STORE_ALIGN, 0,
                   (ref[i].bytes + WR_STORE_ALIGN - 1) / WR_STORE_ALIGN);
            wr_ref_release(&ref[i]);
            used[i] = false;
            continue;
        }
        for (int l = 0; l < LINES; l++) {
            run = owner[l] ? 0 : run + 1;
            longest = run > longest ? run : longest;
        }
        used[i] = wr_store_take(store, bytes, &ref[i]);
        assert_int_equal(used[i], longest >= lines);
        refused += !used[i];
        for (size_t l = 0; used[i] && l < lines; l++) {
            assert_int_equal(owner[offset_of(store, ref[i]) / WR_STORE_ALIGN + l], 0);
            owner[offset_of(store, ref[i]) / WR_STORE_ALIGN + l] = 1;
        }
    }
    assert_in_range(refused, ROUNDS / 100, ROUNDS / 2);
    for (int i = 0; i < SLOTS; i++)
        if (used[i])
            wr_ref_release(&ref[i]);
    assert_int_equal(in_use(store), 0);
    assert_in_range(peak(store), BYTES / 2, BYTES);
    wr_store_free(store);
}

static void test_stores_have_numbers(void **state)
{
    (void)state;
    static wr_store *all[WR_STORES_MAX];
    int count = 0;
    /* A system may let a process open fewer files than there are numbers. */
    while (count < WR_STORES_MAX && (all[count] = wr_store_new(WEIR_KIND_PICTURE, 1, 64, 0)) != NULL)
        count++;
    errno = 0;
    assert_null(wr_store_new(WEIR_KIND_PICTURE, 1, 64, 0));
    assert_true(errno == ENFILE || errno == EMFILE || errno == ENOMEM);
    wr_store_free(all[--count]);
    wr_store *again = wr_store_new(WEIR_KIND_PICTURE, 1, 64, 0);
    assert_non_null(again);
    wr_store_free(again);
    while (count > 0)
        wr_store_free(all[--count]);
    wr_store_free(NULL);
}

static void test_cost(void **state)
{
    (void)state;
    assert_int_equal(wr_store_cost(3, 100, 999), 3 * (128 + sizeof(wr_slot)));
    assert_int_equal(wr_store_cost(3, 0, 100), 128 + 3 * sizeof(wr_slot));
}

/* --- threads: each takes, fills, shares, checks and gives up --- */

enum { THREADS = 4, ROUNDS = 3000, SHARED = 6 };

typedef struct crowd {
    wr_store *store;
    _Atomic uint64_t shared[SHARED]; /* 1 + slot, or 0; the reference that lies here belongs to who takes it out */
    weir_ref ref[SHARED + THREADS];  /* by slot: written before the slot is shared */
    _Atomic int wrong;
    _Atomic uint32_t seed;
} crowd;

static void look_at(crowd *c, weir_ref ref)
{
    const uint32_t *data = wr_ref_data(&ref);
    if (data[0] != ref.generation || data[15] != ref.generation)
        atomic_fetch_add(&c->wrong, 1);
}

static void *mingle(void *user)
{
    crowd *c = user;
    uint32_t random = atomic_fetch_add(&c->seed, 77);
    for (int round = 0; round < ROUNDS; round++) {
        weir_ref ref;
        random = random * 1664525u + 1013904223u;
        while (!wr_store_take(c->store, 64, &ref)) /* others were quicker, and will give theirs up */
            sched_yield();
        uint32_t *data = wr_ref_data(&ref);
        data[0] = data[15] = ref.generation;
        c->ref[ref.slot] = ref;
        wr_ref_add(&ref); /* one to lie there, one to go on looking */
        uint64_t other = atomic_exchange(&c->shared[(random >> 8) % SHARED], ref.slot + 1);
        if (other) {
            weir_ref found = c->ref[other - 1];
            look_at(c, found);
            wr_ref_release(&found);
        }
        look_at(c, ref);
        wr_ref_release(&ref);
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    (void)state;
    static crowd c;
    pthread_t thread[THREADS];
    c.store = wr_store_new(WEIR_KIND_PICTURE, SHARED + THREADS, 64, 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, mingle, &c), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < SHARED; i++)
        if (c.shared[i])
            wr_ref_release(&c.ref[c.shared[i] - 1]);
    assert_int_equal(in_use(c.store), 0);
    assert_in_range(peak(c.store), 64 * SHARED, 64 * (SHARED + THREADS));
    wr_store_free(c.store);
    assert_int_equal(atomic_load(&c.wrong), 0);
}

/* One thread takes from a store of varied items, another gives up. */

static _Atomic uint64_t mailbox, spoiled;

static void *give_up(void *user)
{
    const weir_ref *refs = user;
    for (uint64_t at = 0; at < ROUNDS; at++) {
        while (atomic_load(&mailbox) <= at)
            sched_yield();
        const uint8_t *data = wr_ref_data(&refs[at]);
        if (data[0] != (uint8_t)at || data[refs[at].bytes - 1] != (uint8_t)at)
            atomic_fetch_add(&spoiled, 1);
        wr_ref_release(&refs[at]);
    }
    return NULL;
}

static void test_varied_items_between_threads(void **state)
{
    (void)state;
    static weir_ref refs[ROUNDS];
    wr_store *store = wr_store_new(WEIR_KIND_PACKET, 16, 0, 8192);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, give_up, refs), 0);
    for (uint32_t at = 0; at < ROUNDS; at++) {
        while (!wr_store_take(store, 1 + at * 37 % 900, &refs[at]))
            sched_yield();
        memset(wr_ref_data(&refs[at]), (int)(at & 255), refs[at].bytes);
        atomic_store(&mailbox, at + 1);
    }
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&spoiled), 0);
    assert_int_equal(in_use(store), 0);
    wr_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_items),
        cmocka_unit_test(test_the_first_free_slot_is_taken_again),
        cmocka_unit_test(test_a_slot_is_free_after_the_last_reference),
        cmocka_unit_test(test_varied_items_take_the_first_gap),
        cmocka_unit_test(test_varied_items_need_a_slot_each),
        cmocka_unit_test(test_varied_items_at_random),
        cmocka_unit_test(test_stores_have_numbers),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_many_threads),
        cmocka_unit_test(test_varied_items_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
