/* Views: made once for all who ask, bounded, never of another picture, and made again after a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/graph.h"
#include "core/store.h"
#include "core/view.h"
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

enum { ITEM_BYTES = 128, VIEW_BYTES = 256, THREADS = 4, ROUNDS = 400, PICTURES = 6 };

static wr_graph graph;
static weir_node node;
static wr_store *store;
static _Atomic int made;        /* calls of the makers below */
static _Atomic bool hold, fail; /* the maker waits; it fails */
static const uint32_t key = 640;

static int set_up(void **state)
{
    (void)state;
    graph = (wr_graph){.views = wr_views_new()};
    node = (weir_node){.graph = &graph, .name = "n"};
    pthread_mutex_init(&node.error_lock, NULL);
    store = wr_store_new(WEIR_KIND_PICTURE, PICTURES, ITEM_BYTES, 0);
    atomic_store(&made, 0);
    atomic_store(&hold, false);
    atomic_store(&fail, false);
    return store ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    uint64_t left = atomic_load(&store->in_use_bytes);
    wr_views_free(graph.views);
    wr_store_free(store);
    return left ? -1 : 0;
}

/* A view is its source, twice. */
static weir_status make(void *data, size_t bytes, const void *source, const void *by)
{
    atomic_fetch_add(&made, 1);
    while (atomic_load(&hold))
        sched_yield();
    if (atomic_load(&fail))
        return WEIR_BAD_DATA;
    if (bytes != VIEW_BYTES || *(const uint32_t *)by != key)
        return WEIR_UNSUPPORTED;
    memcpy(data, source, ITEM_BYTES);
    memcpy((char *)data + ITEM_BYTES, source, ITEM_BYTES);
    return WEIR_OK;
}

static weir_frame picture(int content)
{
    weir_frame frame = {.count = 1};
    while (!wr_store_take(store, ITEM_BYTES, &frame.refs[0]))
        sched_yield();
    memset(wr_ref_data(&frame.refs[0]), content, ITEM_BYTES);
    return frame;
}

static void plan(unsigned nodes)
{
    for (unsigned i = 0; i < nodes; i++)
        assert_int_equal(weir_plan_view(&node, &key, sizeof key, VIEW_BYTES), WEIR_OK);
}

static const uint8_t *get(const weir_frame *frame, weir_view **view)
{
    return weir_view_get(&node, frame, WEIR_KIND_PICTURE, &key, sizeof key, make, view);
}

static bool is_of(const uint8_t *data, int content)
{
    return data && data[0] == content && data[VIEW_BYTES - 1] == content;
}

static void test_made_once(void **state)
{
    (void)state;
    weir_view *one, *other;
    plan(2);
    weir_frame frame = picture(5);
    const uint8_t *data = get(&frame, &one);
    assert_true(is_of(data, 5));
    assert_int_equal((uintptr_t)data % 64, 0);
    assert_ptr_equal(get(&frame, &other), data);
    weir_view_release(one);
    weir_view_release(other);
    assert_ptr_equal(get(&frame, &one), data); /* still there */
    weir_view_release(one);
    assert_int_equal(atomic_load(&made), 1);
    weir_frame_drop(&frame);
}

static void test_bounded(void **state)
{
    (void)state;
    weir_view *view[3];
    plan(2);
    assert_int_equal(wr_views_cost(graph.views), 2 * VIEW_BYTES);
    weir_frame a = picture(1), b = picture(2), c = picture(3);
    const uint8_t *of_a = get(&a, &view[0]);
    assert_true(is_of(get(&b, &view[1]), 2));
    assert_null(get(&c, &view[2])); /* two nodes hold one each: there is no third */
    assert_null(view[2]);
    weir_view_release(view[1]);
    assert_true(is_of(get(&c, &view[2]), 3)); /* in the place of b's */
    assert_true(is_of(of_a, 1));
    weir_view_release(view[0]);
    assert_true(is_of(get(&b, &view[1]), 2)); /* made anew, in the place of a's */
    assert_int_equal(atomic_load(&made), 4);
    weir_view_release(view[1]);
    weir_view_release(view[2]);
    weir_view_release(NULL);
    weir_frame_drop(&a), weir_frame_drop(&b), weir_frame_drop(&c);
}

static void test_a_slot_used_again_is_another_picture(void **state)
{
    (void)state;
    weir_view *view;
    plan(1);
    weir_frame frame = picture(1);
    uint32_t slot = frame.refs[0].slot;
    assert_true(is_of(get(&frame, &view), 1));
    weir_view_release(view);
    do {
        weir_frame_drop(&frame);
        frame = picture(2);
    } while (frame.refs[0].slot != slot);
    assert_true(is_of(get(&frame, &view), 2));
    weir_view_release(view);
    weir_frame_drop(&frame);
}

static void test_what_was_not_planned(void **state)
{
    (void)state;
    weir_view *view;
    uint32_t unknown = 320;
    weir_frame frame = picture(1), empty = {0};
    assert_null(get(&frame, &view));
    plan(1);
    assert_null(weir_view_get(&node, &frame, WEIR_KIND_PICTURE, &unknown, sizeof unknown, make, &view));
    assert_null(get(&empty, &view));
    assert_null(view);
    char long_key[65] = "";
    assert_int_equal(weir_plan_view(&node, long_key, sizeof long_key, 1), WEIR_UNSUPPORTED);
    weir_status status = WEIR_OK;
    for (uint32_t k = 0; k < 64 && status == WEIR_OK; k++)
        status = weir_plan_view(&node, &k, sizeof k, 1);
    assert_int_equal(status, WEIR_UNSUPPORTED); /* 63 besides the one planned before */
    weir_frame_drop(&frame);
}

static void test_a_failure_is_tried_again(void **state)
{
    (void)state;
    weir_view *view;
    plan(1);
    weir_frame frame = picture(4);
    atomic_store(&fail, true);
    assert_null(get(&frame, &view));
    assert_null(view);
    atomic_store(&fail, false);
    assert_true(is_of(get(&frame, &view), 4));
    assert_int_equal(atomic_load(&made), 2);
    weir_view_release(view);
    weir_frame_drop(&frame);
}

/* --- threads --- */

static weir_frame shared;
static _Atomic int good, began;

static void *ask(void *user)
{
    weir_view *view;
    (void)user;
    atomic_fetch_add(&began, 1);
    if (is_of(get(&shared, &view), 9)) {
        atomic_fetch_add(&good, 1);
        weir_view_release(view);
    }
    return NULL;
}

static void ask_together(bool failing, int expected)
{
    pthread_t thread[THREADS];
    atomic_store(&good, 0);
    atomic_store(&began, 0);
    atomic_store(&hold, true);
    atomic_store(&fail, failing);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask, NULL), 0);
    while (atomic_load(&made) == 0 || atomic_load(&began) < THREADS)
        sched_yield();
    atomic_store(&hold, false);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(atomic_load(&good), expected);
}

static void test_others_wait_for_the_maker(void **state)
{
    (void)state;
    plan(THREADS);
    shared = picture(9);
    ask_together(false, THREADS);
    assert_int_equal(atomic_load(&made), 1);
    weir_frame_drop(&shared);
}

static void test_others_see_the_makers_failure(void **state)
{
    (void)state;
    weir_view *view;
    plan(THREADS);
    shared = picture(9);
    ask_together(true, 0);
    atomic_store(&fail, false);
    assert_true(is_of(get(&shared, &view), 9));
    weir_view_release(view);
    weir_frame_drop(&shared);
}

static _Atomic uint32_t seed;
static _Atomic int wrong;
static weir_frame gallery[PICTURES - THREADS];
static pthread_mutex_t gallery_lock = PTHREAD_MUTEX_INITIALIZER;

/* Frames are shared by lot and replaced all the time; what a view shows must always be its frame. */
static void *stroll(void *user)
{
    uint32_t random = atomic_fetch_add(&seed, 101);
    (void)user;
    for (int i = 0; i < ROUNDS; i++) {
        random = random * 1664525u + 1013904223u;
        weir_frame *place = &gallery[(random >> 8) % (PICTURES - THREADS)];
        weir_view *view;
        pthread_mutex_lock(&gallery_lock);
        if ((random >> 16) % 4 == 0) {
            weir_frame_drop(place);
            weir_ref ref;
            if (wr_store_take(store, ITEM_BYTES, &ref)) {
                memset(wr_ref_data(&ref), (int)(random >> 24), ITEM_BYTES);
                *place = (weir_frame){.number = random >> 24, .count = 1, .refs = {ref}};
            }
        }
        weir_frame frame = weir_frame_fork(place);
        pthread_mutex_unlock(&gallery_lock);
        const uint8_t *data = get(&frame, &view);
        if (frame.count && !is_of(data, (int)frame.number))
            atomic_fetch_add(&wrong, 1);
        weir_view_release(view);
        weir_frame_drop(&frame);
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    plan(THREADS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, stroll, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < PICTURES - THREADS; i++)
        weir_frame_drop(&gallery[i]);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_in_range(atomic_load(&made), 2, THREADS * ROUNDS - 1);
}

#define VIEW_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VIEW_TEST(test_made_once),
        VIEW_TEST(test_bounded),
        VIEW_TEST(test_a_slot_used_again_is_another_picture),
        VIEW_TEST(test_what_was_not_planned),
        VIEW_TEST(test_a_failure_is_tried_again),
        VIEW_TEST(test_others_wait_for_the_maker),
        VIEW_TEST(test_others_see_the_makers_failure),
        VIEW_TEST(test_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
