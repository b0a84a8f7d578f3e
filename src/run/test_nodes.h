/* Components for tests, which note everything.
 *
 * Every node writes down, frame by frame, what it sent and what it got, in a book
 * under its own name. After a run the books of both ends of a link are compared
 * with what the link counted: wt_check_link().
 *
 *     t-source  numbered frames; period=0 as fast as they are taken, else paced; live
 *     t-filter  passes on what keep= says; slow, failing or repeating itself on request; stateless
 *     t-delay   holds the last keep= frames back and flushes at the end
 *     t-sink    takes; slow, failing or stuck on request
 */
#ifndef WT_TEST_NODES_H
#define WT_TEST_NODES_H

#include <pthread.h>
#include <weir/component.h>
#include <weir/pipeline.h>

enum { WT_NAME_BYTES = 80 };

typedef struct wt_note {
    int64_t number;
    int64_t tag; /* counts what its sender sent, from 1: tells apart what carries the same number */
    uint32_t stream;
    uint16_t flags;
    const char *from; /* got: the node that it came from; valid as long as the pipeline */
    int64_t at_ns, age_ns;
} wt_note;

typedef struct wt_notes {
    wt_note *note;
    size_t count, room;
} wt_notes;

typedef struct wt_book {
    char name[WT_NAME_BYTES];
    pthread_mutex_t lock;
    wt_notes sent, got;           /* under lock */
    const char *wrong;            /* a frame came that was not as it had been sent */
    int opened, closed, finished; /* calls */
    int inside;                   /* process or produce: never two */
} wt_book;

/* Forgets all books; each later one has room for so many notes before it allocates again. Also registers the classes. */
void wt_books_reset(size_t room);
/* The book of a node, made the first time. Any thread. */
wt_book *wt_book_of(const char *name);
/* NULL if the node never ran. */
wt_book *wt_book_find(const char *name);
size_t wt_count_sent(const char *name);
size_t wt_count_got(const char *name);

/* Lets go whoever is stuck (stuck_at=). */
void wt_stuck_release(void);
/* Waits until somebody is stuck. */
void wt_stuck_await(void);
/* Waits until the node has got, or sent, that many frames. */
void wt_await_got(const char *name, size_t count);
void wt_await_sent(const char *name, size_t count);

/* Compares a link's accounts with the books at its two ends; returns NULL or a sentence that says what differs.
 * `attached`: the link came later, so that it need not have seen all that its producer sent. No two links of a
 * pipeline may have the same two ends. */
const char *wt_check_link(const weir_link_stats *link, bool attached);
/* A snapshot adds up, and the stores kept to the bound. */
const char *wt_check_sums(const weir_stats *stats);
/* A final snapshot agrees with the books. attached: of each link, may be NULL. */
const char *wt_check_stats(const weir_stats *stats, const bool *attached);
uint64_t wt_dropped(const weir_link_stats *link);
const weir_link_stats *wt_link(const weir_stats *stats, const char *from, const char *to);
const weir_node_stats *wt_node(const weir_stats *stats, const char *name);

#endif
