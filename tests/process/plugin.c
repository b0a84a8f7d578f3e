/* Components that the tests of worker processes steer: sealed pictures, a node that passes them on, one that looks whether
 * they are still what was sent, and one that breaks in every way. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <weir/component.h>
#include <weir/picture.h>

/* What is sealed is the luma. */
enum { WIDTH = 128, HEIGHT = 32, WORDS = WIDTH * HEIGHT / 8, KEPT = 3 };

static uint64_t seal(const weir_frame *frame, int word)
{
    return (uint64_t)frame->number << 16 | (uint64_t)word;
}

/* --- p-source --- */

typedef struct source_options {
    int64_t frames;
    double rate;
    weir_choice lies;
} source_options;

typedef struct source_state {
    int64_t due_ns;
} source_state;

static weir_status source_plan(weir_node *node)
{
    const source_options *options = weir_options(node);
    if (options->rate > 0)
        weir_plan_live(node);
    return weir_plan_store(node, WEIR_KIND_PICTURE, weir_picture_bytes(WEIR_I420, WIDTH, HEIGHT), 0, 0);
}

static void fill(weir_picture *picture, const weir_frame *frame)
{
    weir_picture_layout(picture, WEIR_I420, WIDTH, HEIGHT);
    uint64_t *data = (uint64_t *)weir_picture_plane_mutable(picture, 0);
    for (int i = 0; i < WORDS; i++)
        data[i] = seal(frame, i);
}

enum { NEVER, BEFORE, AFTER };

static void lie(weir_picture *picture)
{
    picture->width = picture->stride[0] = UINT32_MAX;
    picture->offset[0] = UINT64_C(1) << 40;
}

static weir_status source_produce(weir_node *node)
{
    const source_options *options = weir_options(node);
    source_state *state = weir_state(node);
    if (options->rate > 0) {
        if (state->due_ns > weir_now(node)) {
            weir_wake_at(node, state->due_ns);
            return WEIR_OK;
        }
        state->due_ns = weir_now(node) + (int64_t)(1e9 / options->rate);
    }
    weir_frame frame = weir_frame_new(node, WEIR_WHEN_SENT);
    weir_picture *picture = weir_attach(node, &frame, WEIR_KIND_PICTURE, weir_picture_bytes(WEIR_I420, WIDTH, HEIGHT));
    if (picture)
        fill(picture, &frame);
    else
        weir_error(node, "no place is free: one has leaked");
    int64_t number = frame.number;
    bool lies = picture && options->lies.index != NEVER && number % 100 == 0;
    if (lies && options->lies.index == BEFORE)
        lie(picture);
    weir_send(node, 0, &frame);
    if (lies)
        lie(picture);
    return options->frames && number >= options->frames ? WEIR_END : WEIR_MORE;
}

static const char *const times[] = {"never", "before", "after", NULL};
static const weir_option source_table[] = {
    WEIR_OPTION(source_options, frames, "ends after that many; 0: never", .min = 0, .max = 1e15),
    WEIR_OPTION(source_options, rate, "frames a second; 0: as fast as taken", .unit = "1/s", .min = 0, .max = 1e6),
    WEIR_OPTION(source_options, lies, "when each hundredth header becomes nonsense, beside its being sent",
                .text = "never", .choices = times),
    {0},
};
static const weir_port pictures_out[] = {{.name = "out", .adds = {"weir.picture/1"}}, {0}};
static const weir_component_class source = {
    .name = "p-source",
    .summary = "sends sealed pictures",
    .outputs = pictures_out,
    .options = source_table,
    .options_bytes = sizeof(source_options),
    .state_bytes = sizeof(source_state),
    .plan = source_plan,
    .produce = source_produce,
};

/* --- p-relay, p-check --- */

static const uint64_t *words_of(const weir_frame *frame)
{
    const weir_picture *picture = weir_frame_picture(frame);
    return picture ? (const uint64_t *)weir_picture_plane(picture, 0) : NULL;
}

static bool is_whole(const weir_frame *frame)
{
    size_t bytes = 0;
    const uint64_t *data = words_of(frame);
    for (int i = 0; data && i < WORDS; i++)
        if (data[i] != seal(frame, i))
            return false;
    return weir_frame_find(frame, WEIR_KIND_PICTURE, &bytes) && bytes == weir_picture_bytes(WEIR_I420, WIDTH, HEIGHT);
}

static void look(weir_node *node, const weir_frame *frame, const char *when)
{
    const uint64_t *data = words_of(frame);
    if (!is_whole(frame))
        weir_error(node, "frame %lld is not what was sent, %s: it begins with %lld and ends with %lld",
                   (long long)frame->number, when, data ? (long long)(data[0] >> 16) : -1,
                   data ? (long long)(data[WORDS - 1] >> 16) : -1);
}

static weir_status relay_process(weir_node *node, int input, const weir_frame *frame)
{
    (void)input;
    look(node, frame, "when it came");
    weir_frame copy = weir_frame_fork(frame);
    weir_send(node, 0, &copy);
    return WEIR_OK;
}

static const weir_port any_in[] = {{.name = "in", .needs = {"weir.picture/1"}, .flags = WEIR_PORT_MANY}, {0}};
static const weir_port any_out[] = {{.name = "out"}, {0}};
static const weir_component_class relay = {.name = "p-relay",
                                           .summary = "looks and passes on",
                                           .inputs = any_in,
                                           .outputs = any_out,
                                           .flags = WEIR_STATELESS,
                                           .process = relay_process};

typedef struct check_state {
    weir_frame kept[KEPT];
    const char *from[KEPT];
    unsigned next;
} check_state;

static weir_status check_plan(weir_node *node)
{
    weir_plan_keeps(node, KEPT);
    return WEIR_OK;
}

/* Keeps some, and looks at them again later. */
static weir_status check_process(weir_node *node, int input, const weir_frame *frame)
{
    check_state *state = weir_state(node);
    weir_frame *oldest = &state->kept[state->next++ % KEPT];
    const char *from;
    weir_input_port(node, input, &from);
    look(node, frame, from);
    if (oldest->count)
        look(node, oldest, state->from[(state->next - 1) % KEPT]);
    state->from[(state->next - 1) % KEPT] = from;
    weir_frame_drop(oldest);
    *oldest = weir_frame_fork(frame);
    return WEIR_OK;
}

static weir_status check_finish(weir_node *node, int input)
{
    check_state *state = weir_state(node);
    (void)input;
    for (int i = 0; i < KEPT; i++)
        weir_frame_drop(&state->kept[i]);
    return WEIR_OK;
}

static const weir_component_class check = {.name = "p-check",
                                           .summary = "keeps some and looks again",
                                           .inputs = any_in,
                                           .state_bytes = sizeof(check_state),
                                           .plan = check_plan,
                                           .process = check_process,
                                           .finish = check_finish};

/* --- p-break --- */

typedef struct break_options {
    weir_choice how;
    int64_t at;
} break_options;

typedef struct break_state {
    int64_t seen;
} break_state;

enum { AT_OPEN, LOOP_AT_OPEN, REFUSE_LATE, CRASH, LOOP, STOP, OPEN_FILE, SOCKET, EXEC, SLEEP, EAT, OPEN_SLOWLY };

static void sleep_for_ever(void)
{
    for (;;)
        pause();
}

static void eat(void)
{
    const size_t bite = (size_t)1 << 20;
    for (char *all = malloc(bite); all; all = malloc(bite))
        memset(all, 1, bite);
}

static void misbehave(int how)
{
    char *const arguments[] = {(char *)"true", NULL};
    if (how == LOOP)
        for (volatile int forever = 1; forever;)
            ;
    if (how == STOP)
        raise(SIGSTOP);
    if (how == SLEEP)
        sleep_for_ever();
    if (how == EAT)
        eat();
    if (how == OPEN_FILE && open("/etc/passwd", O_RDONLY) < 0)
        return;
    if (how == SOCKET && socket(AF_INET, SOCK_STREAM, 0) < 0)
        return;
    if (how == EXEC)
        execv("/bin/true", arguments);
    abort();
}

static weir_status break_open(weir_node *node)
{
    const break_options *options = weir_options(node);
    if (options->how.index == AT_OPEN)
        abort();
    if (options->how.index == LOOP_AT_OPEN)
        misbehave(LOOP);
    if (options->how.index == OPEN_SLOWLY)
        usleep(400000);
    if (options->how.index == REFUSE_LATE) { /* when one that crashes has been given up */
        usleep(1500000);
        return weir_fail(node, WEIR_BAD_DATA, "it does not want to");
    }
    return WEIR_OK;
}

static weir_status break_process(weir_node *node, int input, const weir_frame *frame)
{
    const break_options *options = weir_options(node);
    break_state *state = weir_state(node);
    (void)input, (void)frame;
    if (++state->seen == options->at)
        misbehave(options->how.index);
    return WEIR_OK;
}

static const char *const ways[] = {"at-open", "loop-at-open", "refuse-late", "crash", "loop",        "stop", "open",
                                   "socket",  "exec",         "sleep",       "eat",   "open-slowly", NULL};
static const weir_option break_table[] = {
    WEIR_OPTION(break_options, how, "it breaks", .text = "crash", .choices = ways),
    WEIR_OPTION(break_options, at, "with the frame of that number since it was started", .text = "5", .min = 1,
                .max = 1e9),
    {0},
};
static const weir_component_class breaks = {.name = "p-break",
                                            .summary = "breaks",
                                            .inputs = any_in,
                                            .options = break_table,
                                            .options_bytes = sizeof(break_options),
                                            .state_bytes = sizeof(break_state),
                                            .open = break_open,
                                            .process = break_process};

WEIR_PLUGIN(&source, &relay, &check, &breaks);
