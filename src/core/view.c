#include "core/view.h"

#include "core/graph.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 64, POOLS_MAX = 64, ALIGN = 64 };

/* One view, in its pool. Everything but the data is under the pool's lock; the data is written by the one maker while
 * `making`, and read only after. */
struct weir_view {
    struct pool *pool;
    weir_ref of;  /* what it was made from; not held: who asks again holds it, and its generation tells */
    bool known;   /* `of` is set */
    uint64_t age; /* when it was last used, in requests */
    bool making, failed;
    unsigned users;
    void *data;
};

typedef struct pool {
    unsigned char key[KEY_BYTES];
    size_t key_bytes, view_bytes;
    uint64_t requests;
    unsigned count; /* nodes that asked for this key, each holding at most one */
    weir_view *view;
    wr_memory memory;
    pthread_mutex_t lock;
    pthread_cond_t made;
} pool;

struct wr_views {
    pool pool[POOLS_MAX];
    int pools;
};

wr_views *wr_views_new(void)
{
    return calloc(1, sizeof(wr_views));
}

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

void wr_views_free(wr_views *views)
{
    for (int i = 0; views && i < views->pools; i++) {
        pool *p = &views->pool[i];
        free(p->view);
        wr_memory_unmap(&p->memory);
        pthread_mutex_destroy(&p->lock);
        pthread_cond_destroy(&p->made);
    }
    free(views);
}

size_t wr_views_cost(const wr_views *views)
{
    size_t bytes = 0;
    for (int i = 0; i < views->pools; i++)
        bytes += views->pool[i].count * aligned(views->pool[i].view_bytes);
    return bytes;
}

static pool *find(wr_views *views, const void *key, size_t key_bytes)
{
    for (int i = 0; i < views->pools; i++)
        if (views->pool[i].key_bytes == key_bytes && memcmp(views->pool[i].key, key, key_bytes) == 0)
            return &views->pool[i];
    return NULL;
}

weir_status weir_plan_view(weir_node *node, const void *key, size_t key_bytes, size_t view_bytes)
{
    wr_views *views = node->graph->views;
    pool *p = find(views, key, key_bytes);
    if (key_bytes > KEY_BYTES || (!p && views->pools == POOLS_MAX))
        return weir_fail(node, WEIR_UNSUPPORTED, "too many kinds of views in one pipeline");
    if (!p) {
        p = &views->pool[views->pools++];
        memcpy(p->key, key, key_bytes);
        p->key_bytes = key_bytes;
        p->view_bytes = view_bytes;
        p->memory.fd = -1;
        pthread_mutex_init(&p->lock, NULL);
        pthread_cond_init(&p->made, NULL);
    }
    p->count++;
    return WEIR_OK;
}

static bool allocate_locked(pool *p)
{
    if (p->view)
        return true;
    if (!wr_memory_map(&p->memory, p->count * aligned(p->view_bytes), false))
        return false;
    p->view = calloc(p->count, sizeof *p->view);
    for (unsigned i = 0; p->view && i < p->count; i++) {
        p->view[i].pool = p;
        p->view[i].data = (char *)p->memory.data + i * aligned(p->view_bytes);
    }
    return p->view != NULL;
}

static bool same(const weir_ref *one, const weir_ref *other)
{
    return one->store == other->store && one->slot == other->slot && one->generation == other->generation;
}

/* The view of this attachment, or the one unused for longest to make it in. */
static weir_view *choose_locked(pool *p, const weir_ref *ref)
{
    weir_view *unused = NULL;
    for (unsigned i = 0; i < p->count; i++) {
        weir_view *view = &p->view[i];
        if (view->known && same(&view->of, ref))
            return view;
        if (view->users == 0 && (!unused || view->age < unused->age))
            unused = view;
    }
    if (unused)
        unused->known = false;
    return unused;
}

static void make_locked(pool *p, weir_view *view, const weir_ref *ref, weir_view_maker *maker)
{
    view->of = *ref;
    view->known = view->making = true;
    pthread_mutex_unlock(&p->lock);
    weir_status status = maker(view->data, p->view_bytes, wr_ref_data(ref), p->key);
    pthread_mutex_lock(&p->lock);
    view->making = false;
    view->failed = status < 0;
    pthread_cond_broadcast(&p->made);
}

const void *weir_view_get(weir_node *node, const weir_frame *frame, weir_kind kind, const void *key, size_t key_bytes,
                          weir_view_maker *maker, weir_view **result)
{
    const weir_ref *ref = NULL;
    weir_view *view = NULL;
    pool *p = find(node->graph->views, key, key_bytes);
    *result = NULL;
    for (unsigned i = 0; i < frame->count; i++)
        if (frame->refs[i].kind == kind)
            ref = &frame->refs[i];
    if (!p || !ref)
        return NULL;
    pthread_mutex_lock(&p->lock);
    if (allocate_locked(p))
        view = choose_locked(p, ref);
    if (view) {
        view->users++;
        view->age = ++p->requests;
        if (!view->known)
            make_locked(p, view, ref, maker);
        while (view->making)
            pthread_cond_wait(&p->made, &p->lock);
        if (view->failed && --view->users == 0)
            view->known = false;
    }
    bool good = view && !view->failed;
    pthread_mutex_unlock(&p->lock);
    *result = good ? view : NULL;
    return good ? view->data : NULL;
}

void weir_view_release(weir_view *view)
{
    if (!view)
        return;
    pthread_mutex_lock(&view->pool->lock);
    view->users--;
    pthread_mutex_unlock(&view->pool->lock);
}
