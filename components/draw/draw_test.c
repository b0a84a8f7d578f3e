#include "../lib/testing.h"

#include "paint.h"
#include <math.h>
#include <weir/weir.h>

/* --- pictures to draw on --- */

enum { GREY = 100 };

typedef struct sheet {
    weir_picture *picture, *before; /* before: as it was */
    size_t bytes;
} sheet;

static sheet new_sheet(uint32_t width, uint32_t height)
{
    sheet it = {.bytes = weir_picture_bytes(WEIR_I420, width, height)};
    it.picture = calloc(1, it.bytes);
    it.before = calloc(1, it.bytes);
    assert_true(it.picture && it.before);
    weir_picture_layout(it.picture, WEIR_I420, width, height);
    for (int plane = 0; plane < 3; plane++)
        memset(weir_picture_plane_mutable(it.picture, plane), plane ? 128 : GREY,
               (size_t)it.picture->stride[plane] * (plane ? (height + 1) / 2 : height));
    memcpy(it.before, it.picture, it.bytes);
    return it;
}

static void free_sheet(sheet *it)
{
    free(it->picture);
    free(it->before);
}

static uint8_t sample(const weir_picture *picture, int plane, int x, int y)
{
    return weir_picture_plane(
        picture, plane)[(size_t)(plane ? y / 2 : y) * picture->stride[plane] + (size_t)(plane ? x / 2 : x)];
}

static bool changed(const sheet *it, int x, int y)
{
    for (int plane = 0; plane < 3; plane++)
        if (sample(it->picture, plane, x, y) != sample(it->before, plane, x, y))
            return true;
    return false;
}

static bool has_colour(const sheet *it, int x, int y, wr_colour colour)
{
    return sample(it->picture, 0, x, y) == colour.y && sample(it->picture, 1, x, y) == colour.u &&
           sample(it->picture, 2, x, y) == colour.v;
}

static int changed_within(const sheet *it, wr_area area)
{
    int count = 0;
    for (int y = area.top < 0 ? 0 : area.top; y < area.bottom && y < (int)it->picture->height; y++)
        for (int x = area.left < 0 ? 0 : area.left; x < area.right && x < (int)it->picture->width; x++)
            count += changed(it, x, y);
    return count;
}

static int changed_anywhere(const sheet *it)
{
    return changed_within(it, (wr_area){0, 0, (int)it->picture->width, (int)it->picture->height});
}

/* --- frames with boxes: the attachments of a test live in a store of a source of its own --- */

static struct {
    uint32_t width, height;
    weir_box box[4];
    int boxes; /* -1: not analysed */
    uint32_t claimed;
    weir_point point[4];
    int points;
    int64_t age_ns;
    wr_paint paint;
    sheet sheet;                /* what paint drew */
    const weir_picture *output; /* what came out of draw, a copy */
    bool others;                /* what came out lacks something else that went in */
    bool untouched;             /* the picture that went in, when all was done */
} scene;

static weir_status feed_plan(weir_node *node)
{
    weir_plan_store(node, WEIR_KIND_BOXES, weir_boxes_bytes(4), 1, 0);
    weir_plan_store(node, WEIR_KIND_POINTS, sizeof(weir_points) + sizeof scene.point, 1, 0);
    return weir_plan_store(node, WEIR_KIND_PICTURE, weir_picture_bytes(WEIR_I420, scene.width, scene.height), 2, 0);
}

static void attach_found(weir_node *node, weir_frame *frame)
{
    if (scene.boxes >= 0) {
        weir_boxes *boxes = weir_attach(node, frame, WEIR_KIND_BOXES, weir_boxes_bytes((size_t)scene.boxes));
        assert_non_null(boxes);
        *boxes = (weir_boxes){.count = scene.claimed ? scene.claimed : (uint32_t)scene.boxes};
        memcpy(boxes->box, scene.box, (size_t)scene.boxes * sizeof *scene.box);
    }
    if (scene.points) {
        size_t bytes = (size_t)scene.points * sizeof *scene.point;
        weir_points *points = weir_attach(node, frame, WEIR_KIND_POINTS, sizeof *points + bytes);
        assert_non_null(points);
        *points = (weir_points){.count = scene.claimed ? scene.claimed : (uint32_t)scene.points};
        memcpy(points->point, scene.point, bytes);
    }
}

typedef struct feed_state {
    weir_frame sent;
} feed_state;

/* One frame: painted on a sheet here, and sent with its picture, of which a reference is kept. */
static weir_status feed_produce(weir_node *node)
{
    feed_state *state = weir_state(node);
    if (state->sent.count) {
        scene.untouched = memcmp(weir_frame_picture(&state->sent), scene.sheet.before, scene.sheet.bytes) == 0;
        weir_frame_drop(&state->sent);
        return WEIR_END;
    }
    weir_frame frame = weir_frame_new(node, weir_now(node) - scene.age_ns);
    attach_found(node, &frame);
    scene.sheet = new_sheet(scene.width, scene.height);
    wr_paint_frame(&scene.paint, scene.sheet.picture, &frame, weir_now(node));
    weir_picture *picture = weir_attach(node, &frame, WEIR_KIND_PICTURE, scene.sheet.bytes);
    assert_non_null(picture);
    memcpy(picture, scene.sheet.before, scene.sheet.bytes);
    state->sent = weir_frame_fork(&frame);
    weir_send(node, 0, &frame);
    return WEIR_MORE;
}

static const weir_component_class feed_class = {
    .name = "feed",
    .summary = "one frame of the test",
    .outputs = (const weir_port[]){{.name = "out", .adds = {"weir.picture/1", "weir.boxes/1", "weir.points/1"}}, {0}},
    .state_bytes = sizeof(feed_state),
    .plan = feed_plan,
    .produce = feed_produce,
};

static weir_status note(weir_node *node, int input, const weir_frame *frame)
{
    (void)node;
    (void)input;
    size_t bytes;
    const weir_picture *picture = weir_frame_find(frame, WEIR_KIND_PICTURE, &bytes);
    weir_picture *copy = malloc(bytes);
    assert_non_null(copy);
    scene.output = memcpy(copy, picture, bytes);
    scene.others = (scene.boxes >= 0) == !weir_frame_boxes(frame) || (scene.points > 0) == !weir_frame_points(frame);
    return WEIR_OK;
}

static const weir_component_class note_class = {
    .name = "note",
    .summary = "keeps a copy of the picture",
    .inputs = (const weir_port[]){{.name = "in", .needs = {"weir.picture/1"}, .wants = {"*"}}, {0}},
    .process = note,
};

/* --- running it --- */

static wr_font *font;
static void *font_data;
static char said[1024];

static int enter(void **state)
{
    memset(&scene, 0, sizeof scene);
    scene.width = 160;
    scene.height = 120;
    scene.paint = (wr_paint){.classes = ""};
    return wr_enter(state);
}

static int leave(void **state)
{
    free_sheet(&scene.sheet);
    free((void *)(uintptr_t)scene.output);
    return wr_leave(state);
}

static weir_status run(const char *options)
{
    weir_clock *clock = weir_clock_virtual_new(60000000000);
    weir_pipeline *pipeline = weir_pipeline_new("test");
    weir_register(&feed_class);
    weir_register(&note_class);
    weir_pipeline_clock(pipeline, clock);
    weir_pipeline_runner(pipeline, "inline");
    weir_pipeline_add(pipeline, "camera", "feed", NULL);
    weir_pipeline_add(pipeline, "draw", "draw", options);
    weir_pipeline_add(pipeline, "note", "note", NULL);
    weir_pipeline_link(pipeline, "camera", "draw", NULL);
    weir_pipeline_link(pipeline, "draw", "note", NULL);
    free_sheet(&scene.sheet);
    free((void *)(uintptr_t)scene.output);
    scene.sheet = (sheet){0};
    scene.output = NULL;
    weir_status status = weir_pipeline_run(pipeline);
    snprintf(said, sizeof said, "%s", weir_pipeline_error(pipeline));
    weir_pipeline_free(pipeline);
    weir_clock_free(clock);
    return status;
}

/* What paint draws of the scene; without text unless the scene's paint has a font. */
static const sheet *painted(void)
{
    assert_int_equal(run("labels=no scores=no number=no age=no count=no boxes=no"), WEIR_OK);
    return &scene.sheet;
}

static wr_font *need_font(void)
{
    char path[512];
    size_t bytes;
    if (!font && wr_font_find(path, sizeof path) && (font_data = wr_font_read(path, &bytes)))
        font = wr_font_new(font_data, bytes);
    if (!font) {
        print_message("skipped: there is no font here\n");
        skip();
    }
    return font;
}

static void put_box(int at, const char *label, float score, float x, float y, float width, float height)
{
    scene.box[at] = (weir_box){.x = x, .y = y, .width = width, .height = height, .score = score, .label_id = at};
    snprintf(scene.box[at].label, sizeof scene.box[at].label, "%s", label);
    scene.boxes = at + 1 > scene.boxes ? at + 1 : scene.boxes;
}

/* --- colours --- */

static void test_colours_are_coded_as_the_picture_is(void **state)
{
    (void)state;
    static const struct {
        uint32_t matrix, full_range, rgb;
        int y, u, v;
    } cases[] = {
        {WEIR_BT601, 0, 0xffffff, 235, 128, 128}, {WEIR_BT601, 0, 0x000000, 16, 128, 128},
        {WEIR_BT601, 0, 0xff0000, 81, 90, 240},   {WEIR_BT601, 0, 0x0000ff, 41, 240, 110},
        {WEIR_BT709, 0, 0xff0000, 63, 102, 240},  {WEIR_BT709, 0, 0x00ff00, 173, 42, 26},
        {WEIR_BT2020, 0, 0xff0000, 74, 97, 240},  {WEIR_BT601, 1, 0xffffff, 255, 128, 128},
        {WEIR_BT601, 1, 0xff0000, 76, 85, 255},   {WEIR_BT601, 1, 0x0000ff, 29, 255, 107},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_picture picture = {.matrix = cases[i].matrix, .full_range = cases[i].full_range};
        wr_colour colour = wr_colour_of(cases[i].rgb, &picture);
        assert_in_range(colour.y + 1, cases[i].y, cases[i].y + 2);
        assert_in_range(colour.u + 1, cases[i].u, cases[i].u + 2);
        assert_in_range(colour.v + 1, cases[i].v, cases[i].v + 2);
    }
}

/* --- shapes --- */

static void test_areas_are_filled_to_even_edges(void **state)
{
    (void)state;
    static const wr_area areas[] = {{10, 20, 30, 40}, {11, 21, 30, 40}, {10, 20, 31, 41}, {-7, -9, 5, 3},
                                    {25, 25, 99, 99}, {40, 40, 20, 20}, {0, 0, 0, 0},     {-9, 3, -4, 9}};
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++)
        for (int odd = 0; odd < 2; odd++) {
            wr_area a = areas[i];
            sheet it = new_sheet(50 + (uint32_t)odd, 44 + (uint32_t)odd);
            wr_canvas_fill(it.picture, a, (wr_colour){200, 20, 240}, 255);
            for (int y = 0; y < 44 + odd; y++)
                for (int x = 0; x < 50 + odd; x++) {
                    bool inside = x >= (a.left & ~1) && x < ((a.right + 1) & ~1) && y >= (a.top & ~1) &&
                                  y < ((a.bottom + 1) & ~1);
                    assert_true(inside ? has_colour(&it, x, y, (wr_colour){200, 20, 240}) : !changed(&it, x, y));
                }
            free_sheet(&it);
        }
    sheet it = new_sheet(8, 8);
    wr_canvas_fill(it.picture, (wr_area){0, 0, 8, 8}, (wr_colour){200, 128, 28}, 51); /* a fifth */
    assert_true(has_colour(&it, 3, 3, (wr_colour){GREY + 20, 128, 108}));
    free_sheet(&it);
}

static int covered(int x, int y, wr_area a)
{
    return x >= a.left && x < a.right && y >= a.top && y < a.bottom;
}

static void test_masks_blend_colour_by_what_they_cover(void **state)
{
    (void)state;
    static const int places[][2] = {{10, 20}, {11, 20}, {10, 21}, {11, 21}, {-3, -2}, {38, 28}, {37, 29}, {90, 90}};
    uint8_t cover[5 * 6];
    memset(cover, 255, sizeof cover);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        wr_area a = {places[i][0], places[i][1], places[i][0] + 5, places[i][1] + 6};
        sheet it = new_sheet(41, 31);
        wr_canvas_mask(it.picture, &(wr_mask){cover, 5, 6, 5}, a.left, a.top, (wr_colour){200, 28, 228});
        for (int y = 0; y < 31; y++)
            for (int x = 0; x < 41; x++) {
                int left = x & ~1, top = y & ~1;
                int quarters = covered(left, top, a) + covered(left + 1, top, a) + covered(left, top + 1, a) +
                               covered(left + 1, top + 1, a);
                assert_int_equal(sample(it.picture, 0, x, y), covered(x, y, a) ? 200 : GREY);
                assert_in_range(sample(it.picture, 1, x, y), 127 - 25 * quarters, 129 - 25 * quarters);
                assert_in_range(sample(it.picture, 2, x, y), 127 + 25 * quarters, 129 + 25 * quarters);
            }
        free_sheet(&it);
    }
}

/* --- boxes --- */

static int down(double edge)
{
    return (int)floor(edge / 2) * 2;
}

static int up(double edge)
{
    return (int)ceil(edge / 2) * 2;
}

/* On the border of a box: its edges, rounded and widened to even ones, and `thickness` inwards. */
static bool on_border(const weir_box *box, int x, int y, int thickness)
{
    int left = down(rint(box->x)), right = up(rint(box->x + box->width));
    int top = down(rint(box->y)), bottom = up(rint(box->y + box->height));
    bool inside = x >= left && x < right && y >= top && y < bottom;
    bool within = x >= left + thickness && x < right - thickness && y >= top + thickness && y < bottom - thickness;
    return inside && !within;
}

static void expect_border(const sheet *it, const weir_box *box, int thickness)
{
    wr_colour colour = wr_colour_of(0x3ddc84, it->picture); /* of label 0 */
    for (int y = 0; y < (int)it->picture->height; y++)
        for (int x = 0; x < (int)it->picture->width; x++)
            if (on_border(box, x, y, thickness) ? !has_colour(it, x, y, colour) : changed(it, x, y))
                fail_msg("box %g,%g %gx%g on %ux%u: pixel %d,%d", (double)box->x, (double)box->y, (double)box->width,
                         (double)box->height, it->picture->width, it->picture->height, x, y);
}

static void test_boxes_are_drawn_at_the_right_pixels(void **state)
{
    (void)state;
    static const float boxes[][4] = {{20, 10, 40, 30},   {21, 11, 41.4f, 31}, {0, 0, 160, 120}, {-10, -20, 50, 60},
                                     {140, 100, 80, 90}, {-5, 40, 400, 20},   {30, 30, 2, 2},   {50.6f, 50.4f, 1, 1},
                                     {158, 118, 2, 2},   {200, 10, 20, 20},   {-90, 10, 20, 20}};
    static const uint32_t sizes[][2] = {{160, 120}, {161, 121}, {160, 121}, {3, 5}, {1, 1}};
    scene.paint.boxes = true;
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int thickness = 0; thickness <= 8; thickness += 4) {
                scene.width = sizes[s][0];
                scene.height = sizes[s][1];
                scene.paint.thickness = thickness;
                put_box(0, "person", 0.9f, boxes[i][0], boxes[i][1], boxes[i][2], boxes[i][3]);
                expect_border(painted(), scene.box, thickness ? thickness : 2);
            }
}

static void test_the_border_has_the_label_s_colour(void **state)
{
    (void)state;
    scene.paint.boxes = true;
    put_box(0, "person", 0.9f, 20, 10, 40, 30);
    put_box(1, "car", 0.9f, 80, 60, 40, 30);
    put_box(2, "person", 0.9f, 20, 60, 40, 30);
    scene.box[2].label_id = scene.box[0].label_id;
    const sheet *it = painted();
    wr_colour person = wr_colour_of(0x3ddc84, it->picture), car = wr_colour_of(0xffb21d, it->picture);
    assert_true(has_colour(it, 20, 10, person) && has_colour(it, 59, 39, person) && has_colour(it, 20, 60, person));
    assert_true(has_colour(it, 80, 60, car));
    scene.box[0].label_id = scene.box[2].label_id = -1; /* then by name */
    it = painted();
    assert_int_equal(sample(it->picture, 0, 20, 10), sample(it->picture, 0, 20, 60));
}

static void test_only_what_is_asked_for_is_drawn(void **state)
{
    (void)state;
    scene.paint.boxes = true;
    put_box(0, "person", 0.3f, 20, 10, 40, 30);
    scene.paint.min_score = 0.5f;
    assert_int_equal(changed_anywhere(painted()), 0);
    scene.paint.min_score = 0.3f;
    scene.paint.classes = "car, bus";
    assert_int_equal(changed_anywhere(painted()), 0);
    scene.paint.classes = "car, person";
    assert_true(changed_anywhere(painted()) > 0);
    scene.paint.boxes = false;
    assert_int_equal(changed_anywhere(painted()), 0);
}

static void test_wild_values_do_no_harm(void **state)
{
    (void)state;
    static const float wild[] = {0, -1, 1e30f, -1e30f, 3e38f, NAN, INFINITY, -INFINITY, 32768, 0.5f};
    scene.paint = (wr_paint){.boxes = true,
                             .labels = true,
                             .scores = true,
                             .points = true,
                             .number = true,
                             .age = true,
                             .count = true,
                             .classes = "",
                             .font = need_font()};
    scene.age_ns = -5;
    for (uint32_t i = 0; i < 10000; i += 17) {
        scene.width = 1 + i % 50;
        scene.height = 1 + i / 50 % 50;
        put_box(0, "person", wild[i % 10], wild[i / 10 % 10], wild[i / 100 % 10], wild[i / 1000 % 10], wild[i % 9]);
        put_box(1, "", 0.5f, wild[i % 7], 3, 5, wild[i / 7 % 10]);
        memset(scene.box[1].label, 0x80 + (int)i % 0x80, sizeof scene.box[1].label); /* no end, no UTF-8 */
        scene.point[0] = (weir_point){i, i, wild[i % 10], wild[i / 10 % 10], wild[i / 100 % 10]};
        scene.points = 1;
        scene.claimed = i % 3 ? 0 : 4000000000u;
        painted();
    }
}

/* --- keypoints --- */

static void expect_dot(const sheet *it, int x, int y, int radius, wr_colour colour)
{
    assert_int_equal(sample(it->picture, 0, x, y), colour.y);
    for (int at_y = 0; at_y < (int)it->picture->height; at_y++)
        for (int at_x = 0; at_x < (int)it->picture->width; at_x++) {
            double far = hypot(at_x + 0.5 - x, at_y + 0.5 - y);
            bool luma = sample(it->picture, 0, at_x, at_y) != GREY;
            if (far < radius - 1 ? !luma : far > radius + 1 && luma)
                fail_msg("dot at %d,%d: pixel %d,%d", x, y, at_x, at_y);
        }
}

static void test_keypoints_are_dots(void **state)
{
    (void)state;
    static const int places[][2] = {{80, 60}, {81, 61}, {0, 0}, {159, 119}, {159, 1}};
    enum { RIM_RADIUS = 4 }; /* lines of 2, dots of 6, with a rim of 1 */
    scene.paint.points = true;
    scene.points = 1;
    scene.boxes = -1;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        scene.point[0] = (weir_point){.x = (float)places[i][0], .y = (float)places[i][1], .score = 0.9f};
        const sheet *it = painted();
        expect_dot(it, places[i][0], places[i][1], RIM_RADIUS, wr_colour_of(0xffffff, it->picture));
    }
    scene.point[0] = (weir_point){.x = 80, .y = 60, .score = 0.9f, .box = 0};
    put_box(0, "person", 0.9f, 20, 10, 40, 30);
    expect_dot(painted(), 80, 60, RIM_RADIUS, wr_colour_of(0x3ddc84, scene.sheet.picture));
    scene.paint.classes = "car"; /* a box that is not shown has no dots either */
    assert_int_equal(changed_anywhere(painted()), 0);
    scene.paint.classes = "";
    scene.point[0].score = NAN;
    assert_int_equal(changed_anywhere(painted()), 0);
}

/* --- text --- */

enum { TEXT = 12, PAD = 3 }; /* pixels, on small pictures */

static int line_height(void)
{
    wr_font_size(font, TEXT);
    return (wr_font_ascent(font) + wr_font_descent(font) + 2 * (PAD / 2) + 1) & ~1;
}

static int text_width(const char *text)
{
    wr_font_size(font, TEXT);
    return wr_font_width(font, text) + 2 * PAD;
}

/* The picture as it should be with one label at left, top, and nothing else. */
static void expect_text(const sheet *it, int left, int top, const char *text, uint32_t back, int opacity,
                        uint32_t front)
{
    sheet wanted = new_sheet(it->picture->width, it->picture->height);
    wr_area area = {left, top, left + text_width(text), top + line_height()};
    wr_canvas_fill(wanted.picture, area, wr_colour_of(back, it->picture), opacity);
    wr_font_draw(font, wanted.picture, left + PAD, top + PAD / 2 + wr_font_ascent(font), text,
                 wr_colour_of(front, it->picture));
    bool same = memcmp(wanted.picture, it->picture, it->bytes) == 0;
    free_sheet(&wanted);
    if (!same)
        fail_msg("the text is not \"%s\" at %d,%d", text, left, top);
}

static void test_letters_have_ink_and_differ(void **state)
{
    (void)state;
    static const char *const words[] = {"person", "persom", "Ä", "A", "#7", "\xff\xfe"};
    int ink[6];
    need_font();
    for (int i = 0; i < 6; i++) {
        sheet it = new_sheet(200, 40);
        assert_true(wr_font_size(font, 20));
        wr_font_draw(font, it.picture, 10, 30, words[i], wr_colour_of(0xffffff, it.picture));
        int width = wr_font_width(font, words[i]);
        ink[i] = 0;
        for (int y = 0; y < 40; y++)
            for (int x = 0; x < 200; x++)
                ink[i] += sample(it.picture, 0, x, y) - GREY;
        assert_true(ink[i] > 500);
        assert_true(width > 5 && width < 150);
        /* Within its width, and standing on its line but for what hangs below. */
        assert_int_equal(changed_within(&it, (wr_area){0, 0, 6, 40}) +
                             changed_within(&it, (wr_area){14 + width, 0, 200, 40}) +
                             changed_within(&it, (wr_area){0, 32 + wr_font_descent(font), 200, 40}),
                         0);
        free_sheet(&it);
    }
    assert_int_not_equal(ink[0], ink[1]);
    assert_true(ink[2] > ink[3]);
}

static void test_labels_stand_where_there_is_room(void **state)
{
    (void)state;
    const uint32_t back = 0x3ddc84, dark = 0x10161c;
    scene.paint.labels = scene.paint.scores = true;
    scene.paint.font = need_font();
    int height = line_height(), width = text_width("person 0.84");
    put_box(0, "person", 0.84f, 20, 60, 40, 30);
    expect_text(painted(), 20, 60 - height, "person 0.84", back, 255, dark);
    put_box(0, "person", 0.84f, 20, 4, 40, 90); /* no room above: inside */
    expect_text(painted(), 20, 4, "person 0.84", back, 255, dark);
    put_box(0, "person", 0.84f, -8, -6, 40, 90); /* beyond two edges */
    expect_text(painted(), 0, 0, "person 0.84", back, 255, dark);
    put_box(0, "person", 0.84f, 150, 60, 10, 30); /* no room to the right */
    expect_text(painted(), (160 - width) & ~1, 60 - height, "person 0.84", back, 255, dark);
    scene.paint.scores = false;
    put_box(0, "person", 0.84f, 20, 60, 40, 30);
    scene.box[0].track = 12;
    expect_text(painted(), 20, 60 - height, "person #12", back, 255, dark);
    scene.paint.labels = false;
    assert_int_equal(changed_anywhere(painted()), 0);
}

static void test_the_line_says_number_age_and_counts(void **state)
{
    (void)state;
    const uint32_t dark = 0x10161c, light = 0xffffff;
    static const struct {
        const char *labels[4];
        int64_t age_ns;
        bool number, age, count;
        const char *line;
    } cases[] = {
        {{NULL}, 0, true, false, false, "#1"},
        {{NULL}, 41400000, true, true, false, "#1   41 ms"},
        {{NULL}, 2340000000, false, true, false, "2.3 s"},
        {{NULL}, 0, false, false, true, "0 found"},
        {{"person"}, 0, false, false, true, "1 person"},
        {{"person", "person", "bus", "bus"}, 0, true, false, true, "#1   2 persons   2 buses"},
        {{"car", "person", "car", "car"}, 5000000, true, true, true, "#1   5 ms   3 cars   1 person"},
    };
    scene.width = 320;
    scene.paint.font = need_font();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene.boxes = 0;
        scene.age_ns = cases[i].age_ns;
        for (int k = 0; k < 4 && cases[i].labels[k]; k++)
            put_box(k, cases[i].labels[k], 0.5f, 20, 60, 40, 30);
        scene.paint.number = cases[i].number;
        scene.paint.age = cases[i].age;
        scene.paint.count = cases[i].count;
        expect_text(painted(), PAD & ~1, PAD & ~1, cases[i].line, dark, 176, light);
    }
    scene.boxes = -1; /* not analysed: nothing to count */
    scene.paint = (wr_paint){.count = true, .classes = "", .font = font};
    assert_int_equal(changed_anywhere(painted()), 0);
}

/* --- the component --- */

static void test_the_component_draws_on_a_copy(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{160, 120}, {161, 121}, {9, 7}, {641, 359}};
    scene.paint = (wr_paint){.boxes = true,
                             .labels = true,
                             .scores = true,
                             .points = true,
                             .number = true,
                             .age = true,
                             .count = true,
                             .classes = "",
                             .font = need_font()};
    scene.age_ns = 12000000;
    put_box(0, "person", 0.84f, 30, 40, 50, 60);
    scene.point[0] = (weir_point){.x = 50, .y = 60, .score = 1};
    scene.points = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        scene.width = sizes[i][0];
        scene.height = sizes[i][1];
        assert_int_equal(run(NULL), WEIR_OK);
        assert_non_null(scene.output);
        assert_int_equal(scene.output->width, scene.width);
        for (int y = 0; y < (int)scene.height; y++)
            for (int x = 0; x < (int)scene.width; x++)
                for (int plane = 0; plane < 3; plane++)
                    assert_int_equal(sample(scene.output, plane, x, y), sample(scene.sheet.picture, plane, x, y));
        assert_true(changed_anywhere(&scene.sheet) > 0);
        assert_true(scene.untouched);
        assert_false(scene.others);
    }
}

static void test_options_reach_the_brush(void **state)
{
    (void)state;
    put_box(0, "person", 0.84f, 30, 40, 50, 60);
    put_box(1, "car", 0.4f, 90, 40, 50, 60);
    scene.paint = (wr_paint){.boxes = true, .thickness = 6, .min_score = 0.5f, .classes = "person,car"};
    assert_int_equal(run("labels=no scores=no points=no number=no age=no count=no thickness=5 min_score=0.5 "
                         "classes=person,car"),
                     WEIR_OK);
    expect_border(&scene.sheet, scene.box, 6);
    for (int y = 0; y < 120; y++)
        for (int x = 0; x < 160; x++)
            assert_int_equal(sample(scene.output, 0, x, y), sample(scene.sheet.picture, 0, x, y));
}

static void test_mistakes_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"font=/none.ttf", "cannot read /none.ttf: No such file or directory; check font="},
        {"font=/tmp", "/tmp is no file; name a font file in font="},
        {"font=%s/letter", "is not a font that can be scaled; check font="},
        {"font=%s/empty", "check font="},
        {"thickness=65", "thickness: 65 is above 64"},
        {"min_score=2", "min_score: 2 is above 1"},
    };
    wr_write(wr_at("letter"), "Dear reader,");
    wr_write(wr_at("empty"), "");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char options[256];
        snprintf(options, sizeof options, wrong[i][0], wr_room);
        weir_status status = run(options);
        if (status >= 0 || status == WEIR_FAILED || !strstr(said, wrong[i][1]))
            fail_msg("%s: %d %s", options, status, said);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_colours_are_coded_as_the_picture_is),
        TEST(test_areas_are_filled_to_even_edges),
        TEST(test_masks_blend_colour_by_what_they_cover),
        TEST(test_boxes_are_drawn_at_the_right_pixels),
        TEST(test_the_border_has_the_label_s_colour),
        TEST(test_only_what_is_asked_for_is_drawn),
        TEST(test_wild_values_do_no_harm),
        TEST(test_keypoints_are_dots),
        TEST(test_letters_have_ink_and_differ),
        TEST(test_labels_stand_where_there_is_room),
        TEST(test_the_line_says_number_age_and_counts),
        TEST(test_the_component_draws_on_a_copy),
        TEST(test_options_reach_the_brush),
        TEST(test_mistakes_are_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wr_font_free(font);
    free(font_data);
    return failed;
}
