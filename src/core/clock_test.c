/* Clocks: the virtual one moves only when all who take part wait, and wakes whom it should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/bell.h"
#include "core/clock.h"
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

enum { SLEEPERS = 4, NAPS = 300 };

static void test_real_clock(void **state)
{
    (void)state;
    int64_t before = weir_clock_now(NULL);
    assert_true(before > 0);
    assert_true(weir_clock_now(NULL) >= before);
    wr_bell bell = {0};
    wr_clock_wait(NULL, &bell.word, INT64_MAX); /* nobody armed it: no wait */
    wr_bell_arm(&bell);
    wr_clock_wait(NULL, &bell.word, before); /* long past */
    assert_int_equal(atomic_load(&bell.word), 0);
    wr_bell_arm(&bell);
    wr_clock_wait(NULL, &bell.word, weir_clock_now(NULL) + 1000000);
    assert_true(weir_clock_now(NULL) >= before + 1000000);
    wr_bell_arm(&bell);
    wr_clock_wait(NULL, &bell.word, -1);
    assert_int_equal(atomic_load(&bell.word), 0);
    wr_clock_join(NULL); /* the real clock needs no one */
    wr_clock_leave(NULL);
}

static void test_alone_time_jumps(void **state)
{
    (void)state;
    weir_clock *clock = weir_clock_virtual_new(100);
    wr_bell bell = {0};
    wr_clock_join(clock);
    assert_int_equal(weir_clock_now(clock), 100);
    wr_bell_arm(&bell);
    wr_clock_wait(clock, &bell.word, 50); /* long past: time does not go back */
    assert_int_equal(weir_clock_now(clock), 100);
    wr_bell_arm(&bell);
    wr_clock_wait(clock, &bell.word, INT64_C(3600000000000));
    assert_int_equal(weir_clock_now(clock), INT64_C(3600000000000));
    assert_int_equal(atomic_load(&bell.word), 0);
    wr_bell_arm(&bell);
    assert_true(wr_bell_disarm(&bell)); /* rung already: no wait, and no time passes */
    wr_clock_wait(clock, &bell.word, INT64_MAX);
    assert_int_equal(weir_clock_now(clock), INT64_C(3600000000000));
    wr_clock_leave(clock);
    weir_clock_free(clock);
    weir_clock_free(NULL);
}

typedef struct sleeper {
    weir_clock *clock;
    wr_bell bell;
    int64_t step_ns;
    int64_t woke_at[NAPS];
} sleeper;

static void *nap(void *user)
{
    sleeper *me = user;
    for (int i = 0; i < NAPS; i++) {
        wr_bell_arm(&me->bell);
        wr_clock_wait(me->clock, &me->bell.word, (i + 1) * me->step_ns);
        me->woke_at[i] = weir_clock_now(me->clock);
    }
    wr_clock_leave(me->clock);
    return NULL;
}

/* Each sees just the times it asked for, however the others sleep. */
static void test_many_sleepers(void **state)
{
    (void)state;
    static sleeper all[SLEEPERS];
    pthread_t thread[SLEEPERS];
    weir_clock *clock = weir_clock_virtual_new(0);
    for (int i = 0; i < SLEEPERS; i++) {
        all[i] = (sleeper){.clock = clock, .step_ns = 7 + 3 * i};
        wr_clock_join(clock); /* before any begins */
    }
    for (int i = 0; i < SLEEPERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, nap, &all[i]), 0);
    for (int i = 0; i < SLEEPERS; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < SLEEPERS; i++)
        for (int n = 0; n < NAPS; n++)
            assert_int_equal(all[i].woke_at[n], (n + 1) * all[i].step_ns);
    assert_int_equal(weir_clock_now(clock), NAPS * all[SLEEPERS - 1].step_ns);
    weir_clock_free(clock);
}

static void *wait_for_ever(void *user)
{
    sleeper *me = user;
    wr_bell_arm(&me->bell);
    wr_clock_wait(me->clock, &me->bell.word, INT64_MAX);
    me->woke_at[0] = weir_clock_now(me->clock);
    wr_clock_leave(me->clock);
    return NULL;
}

/* Who was rung has something to do: time stands still until it waits again or leaves. */
static void test_a_ring_holds_time(void **state)
{
    (void)state;
    static sleeper other;
    pthread_t thread;
    wr_bell mine = {0};
    weir_clock *clock = weir_clock_virtual_new(0);
    other = (sleeper){.clock = clock};
    wr_clock_join(clock);
    wr_clock_join(clock);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_ever, &other), 0);
    while (atomic_load(&other.bell.word) == 0)
        sched_yield();
    wr_bell_arm(&mine);
    wr_clock_wait(clock, &mine.word, 1000); /* the other waits without end: time may move */
    assert_int_equal(weir_clock_now(clock), 1000);
    wr_bell_ring(&other.bell);
    wr_bell_arm(&mine);
    wr_clock_wait(clock, &mine.word, 2000);
    pthread_join(thread, NULL);
    assert_int_equal(other.woke_at[0], 1000);
    assert_int_equal(weir_clock_now(clock), 2000);
    wr_clock_leave(clock);
    weir_clock_free(clock);
}

static void *ring(void *user)
{
    sleeper *me = user;
    wr_bell_ring(&me->bell);
    wr_clock_leave(me->clock);
    return NULL;
}

/* One who takes part and does not wait keeps time from moving; when it leaves, time goes on. */
static void test_time_waits_for_all(void **state)
{
    (void)state;
    static sleeper me;
    pthread_t thread;
    weir_clock *clock = weir_clock_virtual_new(0);
    me = (sleeper){.clock = clock};
    wr_clock_join(clock);
    wr_clock_join(clock);
    wr_bell_arm(&me.bell);
    assert_int_equal(pthread_create(&thread, NULL, ring, &me), 0);
    wr_clock_wait(clock, &me.bell.word, 500);
    assert_int_equal(weir_clock_now(clock), 0); /* woken by the ring */
    wr_bell_arm(&me.bell);
    wr_clock_wait(clock, &me.bell.word, 500);
    assert_int_equal(weir_clock_now(clock), 500);
    pthread_join(thread, NULL);
    wr_clock_leave(clock);
    weir_clock_free(clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_clock),         cmocka_unit_test(test_alone_time_jumps),
        cmocka_unit_test(test_many_sleepers),      cmocka_unit_test(test_a_ring_holds_time),
        cmocka_unit_test(test_time_waits_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
