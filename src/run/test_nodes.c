#include "run/test_nodes.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOOKS_MAX = 256 };

static pthread_mutex_t shelf_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t noted = PTHREAD_COND_INITIALIZER; /* a book was written in, or somebody is stuck */
static wt_book *shelf[BOOKS_MAX];                       /* under shelf_lock */
static size_t books, notes_room;                        /* under shelf_lock */
static _Atomic int awaiting;
static int stuck;     /* under shelf_lock */
static bool released; /* under shelf_lock */

/* --- books --- */

static void book_free(wt_book *book)
{
    pthread_mutex_destroy(&book->lock);
    free(book->sent.note);
    free(book->got.note);
    free(book);
}

static wt_book *find_locked(const char *name)
{
    for (size_t i = 0; i < books; i++)
        if (strcmp(shelf[i]->name, name) == 0)
            return shelf[i];
    return NULL;
}

wt_book *wt_book_find(const char *name)
{
    pthread_mutex_lock(&shelf_lock);
    wt_book *book = find_locked(name);
    pthread_mutex_unlock(&shelf_lock);
    return book;
}

static void notes_new(wt_notes *notes)
{
    notes->room = notes_room;
    notes->note = calloc(notes_room, sizeof *notes->note);
    if (!notes->note)
        abort();
}

wt_book *wt_book_of(const char *name)
{
    pthread_mutex_lock(&shelf_lock);
    wt_book *book = find_locked(name);
    if (!book) {
        book = calloc(1, sizeof *book);
        if (!book || books == BOOKS_MAX)
            abort();
        snprintf(book->name, sizeof book->name, "%s", name);
        pthread_mutex_init(&book->lock, NULL);
        notes_new(&book->sent);
        notes_new(&book->got);
        shelf[books++] = book;
    }
    pthread_mutex_unlock(&shelf_lock);
    return book;
}

static void note_locked(wt_notes *notes, const wt_note *note)
{
    if (notes->count == notes->room) {
        notes->room *= 2;
        notes->note = realloc(notes->note, notes->room * sizeof *notes->note);
        if (!notes->note)
            abort();
    }
    notes->note[notes->count++] = *note;
}

static void note(wt_book *book, wt_notes *notes, const wt_note *what)
{
    pthread_mutex_lock(&book->lock);
    note_locked(notes, what);
    pthread_mutex_unlock(&book->lock);
    /* Locks only when somebody awaits it: a lock that all nodes share would hide their races from the sanitizer. */
    if (atomic_load(&awaiting) == 0)
        return;
    pthread_mutex_lock(&shelf_lock);
    pthread_cond_broadcast(&noted);
    pthread_mutex_unlock(&shelf_lock);
}

static size_t count(const char *name, bool got)
{
    wt_book *book = wt_book_find(name);
    if (!book)
        return 0;
    pthread_mutex_lock(&book->lock);
    size_t result = got ? book->got.count : book->sent.count;
    pthread_mutex_unlock(&book->lock);
    return result;
}

size_t wt_count_sent(const char *name)
{
    return count(name, false);
}

size_t wt_count_got(const char *name)
{
    return count(name, true);
}

static size_t count_locked(const char *name, bool got)
{
    wt_book *book = find_locked(name);
    if (!book)
        return 0;
    pthread_mutex_lock(&book->lock);
    size_t result = got ? book->got.count : book->sent.count;
    pthread_mutex_unlock(&book->lock);
    return result;
}

static void await(const char *name, bool got, size_t least)
{
    atomic_fetch_add(&awaiting, 1);
    pthread_mutex_lock(&shelf_lock);
    while (count_locked(name, got) < least)
        pthread_cond_wait(&noted, &shelf_lock);
    pthread_mutex_unlock(&shelf_lock);
    atomic_fetch_sub(&awaiting, 1);
}

void wt_await_got(const char *name, size_t least)
{
    await(name, true, least);
}

void wt_await_sent(const char *name, size_t least)
{
    await(name, false, least);
}

/* --- being stuck --- */

static void be_stuck(void)
{
    pthread_mutex_lock(&shelf_lock);
    stuck++;
    pthread_cond_broadcast(&noted);
    while (!released)
        pthread_cond_wait(&noted, &shelf_lock);
    pthread_mutex_unlock(&shelf_lock);
}

void wt_stuck_release(void)
{
    pthread_mutex_lock(&shelf_lock);
    released = true;
    pthread_cond_broadcast(&noted);
    pthread_mutex_unlock(&shelf_lock);
}

void wt_stuck_await(void)
{
    pthread_mutex_lock(&shelf_lock);
    while (stuck == 0)
        pthread_cond_wait(&noted, &shelf_lock);
    pthread_mutex_unlock(&shelf_lock);
}

/* --- what all of them do --- */

typedef struct common {
    wt_book *book;
    int64_t count; /* of frames seen by process */
    int64_t sends;
    bool again; /* in the middle of a frame or a flush */
} common;

static void enter(wt_book *book)
{
    pthread_mutex_lock(&book->lock);
    if (book->inside++ > 0)
        book->wrong = "two calls at a time";
    pthread_mutex_unlock(&book->lock);
}

static void leave(wt_book *book)
{
    pthread_mutex_lock(&book->lock);
    book->inside--;
    pthread_mutex_unlock(&book->lock);
}

static weir_status open_common(weir_node *node, bool fails)
{
    common *my = weir_state(node);
    my->book = wt_book_of(weir_name(node));
    pthread_mutex_lock(&my->book->lock);
    my->book->opened++;
    pthread_mutex_unlock(&my->book->lock);
    return fails ? weir_fail(node, WEIR_IO, "the device is on fire; try another") : WEIR_OK;
}

static void close_common(weir_node *node)
{
    common *my = weir_state(node);
    pthread_mutex_lock(&my->book->lock);
    my->book->closed++;
    pthread_mutex_unlock(&my->book->lock);
}

static weir_status finish_common(weir_node *node, int input)
{
    common *my = weir_state(node);
    (void)input;
    pthread_mutex_lock(&my->book->lock);
    my->book->finished++;
    pthread_mutex_unlock(&my->book->lock);
    return WEIR_OK;
}

static int64_t seal(const weir_frame *frame)
{
    return frame->number ^ (int64_t)frame->stream << 48 ^ frame->order << 20;
}

static void check_content(wt_book *book, const weir_frame *frame)
{
    size_t bytes;
    const int64_t *data = weir_frame_find(frame, WEIR_KIND_PICTURE, &bytes);
    if (data && (data[0] != seal(frame) || data[bytes / 8 - 1] != seal(frame)))
        book->wrong = "a picture is not the one that was sent";
}

static void got(weir_node *node, int input, const weir_frame *frame)
{
    common *my = weir_state(node);
    int64_t now_ns = weir_now(node);
    wt_note come = {.number = frame->number,
                    .tag = frame->pts_ns,
                    .stream = frame->stream,
                    .flags = frame->flags,
                    .at_ns = now_ns,
                    .age_ns = now_ns - frame->captured_ns};
    weir_input_port(node, input, &come.from);
    check_content(my->book, frame);
    note(my->book, &my->book->got, &come);
}

static void send(weir_node *node, weir_frame *frame)
{
    common *my = weir_state(node);
    frame->pts_ns = ++my->sends;
    note(my->book, &my->book->sent,
         &(wt_note){.number = frame->number,
                    .tag = frame->pts_ns,
                    .stream = frame->stream,
                    .flags = frame->flags,
                    .at_ns = weir_now(node)});
    weir_send(node, 0, frame);
}

static void burn(int rounds)
{
    for (volatile int i = 0; i < rounds; i++)
        ;
}

/* --- t-source --- */

typedef struct source_options {
    int frames, fail_at, stuck_at, spin;
    weir_duration period;
    bool live, open_fails;
    weir_bytes bytes;
} source_options;

typedef struct source_state {
    common common;
    int64_t due_ns;
} source_state;

static const weir_option source_table[] = {
    WEIR_OPTION(source_options, frames, "how many; 0 goes on for ever", .text = "100"),
    WEIR_OPTION(source_options, fail_at, "fails instead of sending that frame"),
    WEIR_OPTION(source_options, stuck_at, "never comes back instead of sending that frame"),
    WEIR_OPTION(source_options, spin, "rounds of work a frame"),
    WEIR_OPTION(source_options, period, "between frames; 0: as fast as they are taken", .text = "0s"),
    WEIR_OPTION(source_options, live, "cannot wait"),
    WEIR_OPTION(source_options, open_fails, "open fails"),
    WEIR_OPTION(source_options, bytes, "of a picture in each frame; 0: none", .text = "0"),
    {0},
};

static weir_status source_plan(weir_node *node)
{
    const source_options *options = weir_options(node);
    if (options->live)
        weir_plan_live(node);
    return options->bytes.count ? weir_plan_store(node, WEIR_KIND_PICTURE, options->bytes.count, 0, 0) : WEIR_OK;
}

static weir_status source_open(weir_node *node)
{
    source_state *my = weir_state(node);
    const source_options *options = weir_options(node);
    my->due_ns = weir_now(node);
    return open_common(node, options->open_fails);
}

static weir_status attach_picture(weir_node *node, weir_frame *frame, size_t bytes)
{
    int64_t *data = bytes ? weir_attach(node, frame, WEIR_KIND_PICTURE, bytes) : NULL;
    if (bytes && !data)
        return weir_fail(node, WEIR_NO_MEMORY, "the store is too small");
    if (bytes)
        data[0] = data[bytes / 8 - 1] = seal(frame);
    return WEIR_OK;
}

static weir_status source_produce(weir_node *node)
{
    source_state *my = weir_state(node);
    const source_options *options = weir_options(node);
    int64_t now_ns = weir_now(node);
    if (options->frames && my->common.count == options->frames)
        return WEIR_END;
    if (options->period.ns && now_ns < my->due_ns) {
        weir_wake_at(node, my->due_ns);
        return WEIR_OK;
    }
    enter(my->common.book);
    my->common.count++;
    if (options->stuck_at == my->common.count)
        be_stuck();
    burn(options->spin);
    weir_frame frame = weir_frame_new(node, options->period.ns ? my->due_ns : WEIR_WHEN_SENT);
    weir_status status = attach_picture(node, &frame, options->bytes.count);
    if (options->fail_at == my->common.count)
        status = weir_fail(node, WEIR_IO, "frame %d cannot be read", options->fail_at);
    if (status == WEIR_OK)
        send(node, &frame);
    weir_frame_drop(&frame);
    leave(my->common.book);
    my->due_ns += options->period.ns;
    if (options->period.ns)
        weir_wake_at(node, my->due_ns);
    return status < 0 ? status : options->period.ns ? WEIR_OK : WEIR_MORE;
}

static const weir_port source_out[] = {{.name = "out", .adds = {"weir.picture/1"}}, {0}};

static const weir_component_class source_class = {
    .name = "t-source",
    .summary = "numbered frames for tests",
    .outputs = source_out,
    .options = source_table,
    .options_bytes = sizeof(source_options),
    .state_bytes = sizeof(source_state),
    .plan = source_plan,
    .open = source_open,
    .produce = source_produce,
    .close = close_common,
};

/* --- t-filter and t-sink --- */

typedef struct worker_options {
    int keep, fail_at, fail_from, stuck_at, spin, uneven, copies;
    weir_duration delay;
    bool open_fails, open_hangs;
} worker_options;

static const weir_option worker_table[] = {
    WEIR_OPTION(worker_options, keep, "of so many frames one is passed on", .text = "1", .min = 1, .max = 1000),
    WEIR_OPTION(worker_options, copies, "how often each is sent", .text = "1", .min = 1, .max = 100),
    WEIR_OPTION(worker_options, fail_at, "fails at the frame of that number"),
    WEIR_OPTION(worker_options, fail_from, "fails at every frame from that number on"),
    WEIR_OPTION(worker_options, stuck_at, "never comes back from the first frame from that number on"),
    WEIR_OPTION(worker_options, spin, "rounds of work a frame"),
    WEIR_OPTION(worker_options, delay, "sleeps for each frame", .text = "0s"),
    WEIR_OPTION(worker_options, uneven, "rounds of work times a number from 0 to 12 that differs from frame to frame"),
    WEIR_OPTION(worker_options, open_fails, "open fails"),
    WEIR_OPTION(worker_options, open_hangs, "open does not come back before wt_stuck_release()"),
    {0},
};

static weir_status worker_open(weir_node *node)
{
    const worker_options *options = weir_options(node);
    if (options->open_hangs)
        be_stuck();
    return open_common(node, options->open_fails);
}

/* What a filter and a sink have in common: noting, being slow, failing. */
static weir_status work(weir_node *node, int input, const weir_frame *frame)
{
    const worker_options *options = weir_options(node);
    got(node, input, frame);
    if (options->stuck_at && frame->number >= options->stuck_at)
        be_stuck();
    burn(options->spin + options->uneven * (int)(frame->number * 7919 % 13));
    if (options->delay.ns)
        weir_sleep(node, options->delay.ns);
    if (frame->number == options->fail_at || (options->fail_from && frame->number >= options->fail_from))
        return weir_fail(node, WEIR_BAD_DATA, "frame %d is rotten", (int)frame->number);
    return WEIR_OK;
}

static weir_status filter_process(weir_node *node, int input, const weir_frame *frame)
{
    common *my = weir_state(node);
    const worker_options *options = weir_options(node);
    weir_status status = WEIR_OK;
    enter(my->book);
    if (my->count == 0)
        status = work(node, input, frame);
    if (status == WEIR_OK && frame->number % options->keep == 0) {
        weir_frame out = weir_frame_fork(frame);
        send(node, &out);
        my->count++;
        if (my->count < options->copies)
            status = WEIR_MORE;
        else
            my->count = 0;
    }
    leave(my->book);
    return status;
}

static weir_status sink_process(weir_node *node, int input, const weir_frame *frame)
{
    common *my = weir_state(node);
    enter(my->book);
    weir_status status = work(node, input, frame);
    leave(my->book);
    return status;
}

static const weir_port worker_in[] = {{.name = "in", .wants = {"*"}, .flags = WEIR_PORT_MANY}, {0}};
static const weir_port worker_out[] = {{.name = "out"}, {0}};

static const weir_component_class filter_class = {
    .name = "t-filter",
    .summary = "passes frames on, for tests",
    .inputs = worker_in,
    .outputs = worker_out,
    .options = worker_table,
    .options_bytes = sizeof(worker_options),
    .state_bytes = sizeof(common),
    .flags = WEIR_STATELESS,
    .open = worker_open,
    .process = filter_process,
    .finish = finish_common,
    .close = close_common,
};

static const weir_component_class sink_class = {
    .name = "t-sink",
    .summary = "takes frames, for tests",
    .inputs = worker_in,
    .options = worker_table,
    .options_bytes = sizeof(worker_options),
    .state_bytes = sizeof(common),
    .open = worker_open,
    .process = sink_process,
    .finish = finish_common,
    .close = close_common,
};

/* --- t-delay --- */

enum { DELAY_MAX = 16 };

typedef struct delay_options {
    int keep;
} delay_options;

typedef struct delay_state {
    common common;
    weir_frame kept[DELAY_MAX];
    int used;
} delay_state;

static const weir_option delay_table[] = {
    WEIR_OPTION(delay_options, keep, "frames held back", .text = "3", .min = 0, .max = DELAY_MAX - 1),
    {0},
};

static weir_status delay_plan(weir_node *node)
{
    const delay_options *options = weir_options(node);
    weir_plan_keeps(node, (unsigned)options->keep + 1);
    return WEIR_OK;
}

static weir_status delay_open(weir_node *node)
{
    return open_common(node, false);
}

static void send_oldest(weir_node *node, delay_state *my)
{
    weir_frame oldest = my->kept[0];
    memmove(&my->kept[0], &my->kept[1], sizeof *my->kept * (size_t)--my->used);
    send(node, &oldest);
}

static weir_status delay_process(weir_node *node, int input, const weir_frame *frame)
{
    delay_state *my = weir_state(node);
    const delay_options *options = weir_options(node);
    enter(my->common.book);
    got(node, input, frame);
    my->kept[my->used++] = weir_frame_fork(frame);
    if (my->used > options->keep)
        send_oldest(node, my);
    leave(my->common.book);
    return WEIR_OK;
}

static weir_status delay_finish(weir_node *node, int input)
{
    delay_state *my = weir_state(node);
    if (my->used == 0)
        return finish_common(node, input);
    send_oldest(node, my);
    return WEIR_MORE;
}

static void delay_close(weir_node *node)
{
    delay_state *my = weir_state(node);
    while (my->used > 0)
        weir_frame_drop(&my->kept[--my->used]);
    close_common(node);
}

static const weir_port delay_in[] = {{.name = "in", .wants = {"*"}}, {0}};

static const weir_component_class delay_class = {
    .name = "t-delay",
    .summary = "holds frames back, for tests",
    .inputs = delay_in,
    .outputs = worker_out,
    .options = delay_table,
    .options_bytes = sizeof(delay_options),
    .state_bytes = sizeof(delay_state),
    .flags = WEIR_HOLDS,
    .plan = delay_plan,
    .open = delay_open,
    .process = delay_process,
    .finish = delay_finish,
    .close = delay_close,
};

void wt_books_reset(size_t room)
{
    pthread_mutex_lock(&shelf_lock);
    while (books > 0)
        book_free(shelf[--books]);
    notes_room = room;
    stuck = 0;
    released = false;
    pthread_mutex_unlock(&shelf_lock);
    weir_register(&source_class);
    weir_register(&filter_class);
    weir_register(&sink_class);
    weir_register(&delay_class);
}

/* --- comparing --- */

uint64_t wt_dropped(const weir_link_stats *link)
{
    uint64_t sum = 0;
    for (int r = 0; r < WEIR_REASONS; r++)
        sum += link->dropped[r];
    return sum;
}

const weir_link_stats *wt_link(const weir_stats *stats, const char *from, const char *to)
{
    for (int i = 0; i < stats->links; i++)
        if (strcmp(stats->link[i].from, from) == 0 && strcmp(stats->link[i].to, to) == 0)
            return &stats->link[i];
    return NULL;
}

const weir_node_stats *wt_node(const weir_stats *stats, const char *name)
{
    for (int i = 0; i < stats->nodes; i++)
        if (strcmp(stats->node[i].name, name) == 0)
            return &stats->node[i];
    return NULL;
}

static __thread char sentence[512];

static const char *differs(const weir_link_stats *link, const char *what, uint64_t linked, uint64_t noted_count)
{
    snprintf(sentence, sizeof sentence, "%s to %s: %s: the link says %llu, the nodes noted %llu", link->from, link->to,
             what, (unsigned long long)linked, (unsigned long long)noted_count);
    return sentence;
}

/* The link's own frames among those that its consumer got; from `at` on, NULL at the end. */
static const wt_note *next_of(const weir_link_stats *link, const wt_book *to, size_t *at)
{
    while (*at < to->got.count) {
        const wt_note *come = &to->got.note[(*at)++];
        if (strcmp(come->from, link->from) == 0)
            return come;
    }
    return NULL;
}

/* Every frame that came was sent, in this order, and says truly whether one was left out before it. */
static const char *check_order(const weir_link_stats *link, const wt_book *from, const wt_book *to, bool attached)
{
    size_t at = 0;
    int64_t before = 0;
    const wt_note *come;
    while ((come = next_of(link, to, &at))) {
        const wt_note *sent =
            come->tag > 0 && (size_t)come->tag <= from->sent.count ? &from->sent.note[come->tag - 1] : NULL;
        if (!sent || sent->number != come->number || sent->stream != come->stream || come->tag <= before)
            return differs(link, "a frame came that was not sent after the one before it", (uint64_t)before,
                           (uint64_t)come->tag);
        bool gap = come->tag > before + 1 || sent->flags & WEIR_FRAME_GAP;
        bool start = attached && before == 0; /* when it joined in is not known here */
        if (!start && gap != ((come->flags & WEIR_FRAME_GAP) != 0))
            return differs(link, "the gap before a frame", (come->flags & WEIR_FRAME_GAP) != 0, gap);
        before = come->tag;
    }
    return NULL;
}

/* How many frames lie between the first and the last that came, both included. */
static uint64_t window_of(const weir_link_stats *link, const wt_book *to)
{
    size_t at = 0;
    const wt_note *come = next_of(link, to, &at);
    int64_t first = come ? come->tag : 1, last = 0;
    for (; come; come = next_of(link, to, &at))
        last = come->tag;
    return (uint64_t)(last - first + 1);
}

const char *wt_check_link(const weir_link_stats *link, bool attached)
{
    const wt_book *from = wt_book_find(link->from), *to = wt_book_find(link->to);
    size_t came = 0, at = 0;
    uint64_t sum = link->taken + wt_dropped(link) + link->waiting;
    if (link->offered != sum)
        return differs(link, "the sum", link->offered, sum);
    if (from && (attached ? link->offered > from->sent.count : link->offered != from->sent.count))
        return differs(link, "offered", link->offered, from->sent.count);
    while (to && next_of(link, to, &at))
        came++;
    if (to && link->taken != came)
        return differs(link, "taken", link->taken, came);
    if (to && from && attached && link->offered < window_of(link, to))
        return differs(link, "offered while it was there", link->offered, window_of(link, to));
    return from && to ? check_order(link, from, to, attached) : NULL;
}

static const char *check_node(const weir_node_stats *node)
{
    const wt_book *book = wt_book_find(node->name);
    if (!book)
        return NULL;
    if (node->frames_out == book->sent.count && node->frames_in == book->got.count && !book->wrong)
        return NULL;
    snprintf(sentence, sizeof sentence, "%s: counted %llu in, %llu out, noted %zu in, %zu out%s%s", node->name,
             (unsigned long long)node->frames_in, (unsigned long long)node->frames_out, book->got.count,
             book->sent.count, book->wrong ? "; " : "", book->wrong ? book->wrong : "");
    return sentence;
}

const char *wt_check_sums(const weir_stats *stats)
{
    for (int i = 0; i < stats->links; i++) {
        const weir_link_stats *link = &stats->link[i];
        uint64_t sum = link->taken + wt_dropped(link) + link->waiting;
        if (link->offered != sum)
            return differs(link, "the sum", link->offered, sum);
    }
    return stats->pool_peak_bytes > stats->bound_bytes ? "the stores held more than the bound" : NULL;
}

const char *wt_check_stats(const weir_stats *stats, const bool *attached)
{
    const char *wrong = wt_check_sums(stats);
    for (int i = 0; i < stats->links && !wrong; i++)
        wrong = wt_check_link(&stats->link[i], attached && attached[i]);
    for (int i = 0; i < stats->nodes && !wrong; i++)
        wrong = check_node(&stats->node[i]);
    return wrong;
}
