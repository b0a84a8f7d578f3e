#include "paint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <weir/option.h>

enum { DISC_MAX = 32, TEXT_MAX = 256, KINDS_MAX = 8 };

static const uint32_t palette[] = {0x3ddc84, 0xffb21d, 0x2fb8ff, 0xff5d73, 0xb78cff, 0xf6e84b,
                                   0x00d4bb, 0xff8a3d, 0x8bd3ff, 0xe86bff, 0xa8e05f, 0xffc2d1};
static const uint32_t dark = 0x10161c, light = 0xffffff;

/* What is the same for all that is drawn on one picture. */
struct brush {
    const wr_paint *paint;
    weir_picture *picture;
    int thickness, text, pad;
};

static struct brush new_brush(const wr_paint *paint, weir_picture *picture)
{
    double side = sqrt((double)picture->width * picture->height);
    int thickness = paint->thickness ? paint->thickness : (int)lrint(side / 480);
    int text = (int)lrint(side / 60);
    text = text < 12 ? 12 : text;
    bool fits = paint->font && wr_font_size(paint->font, text);
    return (struct brush){paint, picture, thickness < 2 ? 2 : (thickness + 1) & ~1, fits ? text : 0, (text + 3) / 4};
}

static uint32_t colour_of(const weir_box *box)
{
    uint32_t hash = 2166136261u;
    if (box->label_id >= 0)
        return palette[(size_t)box->label_id % (sizeof palette / sizeof *palette)];
    for (size_t i = 0; i < sizeof box->label && box->label[i]; i++)
        hash = (hash ^ (uint8_t)box->label[i]) * 16777619u;
    return palette[hash % (sizeof palette / sizeof *palette)];
}

static bool is_listed(const char *list, const char *label)
{
    char word[WEIR_LABEL_BYTES];
    if (!*list)
        return true;
    while ((list = weir_list_next(list, word, sizeof word)))
        if (strncmp(word, label, sizeof word) == 0)
            return true;
    return false;
}

static bool shown(const wr_paint *paint, const weir_box *box)
{
    bool finite = isfinite(box->x) && isfinite(box->y) && isfinite(box->width) && isfinite(box->height);
    return finite && box->score >= paint->min_score && is_listed(paint->classes, box->label);
}

/* Keeps far-off coordinates within what int arithmetic and the picture can bear. */
static int pixel(float value)
{
    return (int)lrintf(fminf(fmaxf(value, -32768), 32768));
}

static wr_area area_of(const weir_box *box)
{
    return (wr_area){pixel(box->x), pixel(box->y), pixel(box->x + box->width), pixel(box->y + box->height)};
}

static void paint_text(const struct brush *brush, wr_area area, const char *text, uint32_t back, int opacity,
                       uint32_t front)
{
    wr_font *font = brush->paint->font;
    wr_canvas_fill(brush->picture, area, wr_colour_of(back, brush->picture), opacity);
    wr_font_draw(font, brush->picture, area.left + brush->pad, area.top + brush->pad / 2 + wr_font_ascent(font), text,
                 wr_colour_of(front, brush->picture));
}

static int line_height(const struct brush *brush)
{
    const wr_font *font = brush->paint->font;
    return (wr_font_ascent(font) + wr_font_descent(font) + 2 * (brush->pad / 2) + 1) & ~1;
}

/* Dark letters on bright colours, bright ones on dark. */
static uint32_t letters_on(uint32_t back)
{
    uint32_t luma = ((back >> 16 & 255) * 299 + (back >> 8 & 255) * 587 + (back & 255) * 114) / 1000;
    return luma > 120 ? dark : light;
}

static void label_text(const wr_paint *paint, const weir_box *box, char text[TEXT_MAX])
{
    int at = 0;
    *text = 0;
    if (paint->labels)
        at = snprintf(text, TEXT_MAX, "%.*s", (int)sizeof box->label, box->label);
    if (paint->labels && box->track)
        at += snprintf(text + at, (size_t)(TEXT_MAX - at), " #%u", box->track);
    if (paint->scores)
        snprintf(text + at, (size_t)(TEXT_MAX - at), "%s%.2f", at ? " " : "", (double)box->score);
}

/* Above the box, inside it where there is no room, and never beyond the picture's edges if that can be. */
static void paint_label(const struct brush *brush, const weir_box *box)
{
    char text[TEXT_MAX];
    label_text(brush->paint, box, text);
    if (!*text || !brush->text)
        return;
    wr_area area = area_of(box);
    int width = wr_font_width(brush->paint->font, text) + 2 * brush->pad, height = line_height(brush);
    int left = area.left & ~1, top = (area.top & ~1) - height;
    left = left + width > (int)brush->picture->width ? (int)brush->picture->width - width : left;
    left = left < 0 ? 0 : left & ~1;
    top = top >= 0 ? top : area.top < 0 ? 0 : area.top & ~1;
    uint32_t colour = colour_of(box);
    paint_text(brush, (wr_area){left, top, left + width, top + height}, text, colour, 255, letters_on(colour));
}

static void paint_points(const struct brush *brush, const weir_points *points, size_t count, const weir_boxes *boxes,
                         size_t box_count)
{
    uint8_t cover[DISC_MAX * DISC_MAX], rim_cover[DISC_MAX * DISC_MAX];
    int size = 2 * brush->thickness + 2 < DISC_MAX - 2 ? 2 * brush->thickness + 2 : DISC_MAX - 2, rim = size + 2;
    wr_canvas_disc(cover, size);
    wr_canvas_disc(rim_cover, rim);
    for (size_t i = 0; i < count; i++) {
        const weir_point *point = &points->point[i];
        const weir_box *box = boxes && point->box < box_count ? &boxes->box[point->box] : NULL;
        if (!isfinite(point->x) || !isfinite(point->y) || !(point->score >= brush->paint->min_score) ||
            (box && !shown(brush->paint, box)))
            continue;
        int x = pixel(point->x), y = pixel(point->y);
        wr_canvas_mask(brush->picture, &(wr_mask){rim_cover, rim, rim, rim}, x - rim / 2, y - rim / 2,
                       wr_colour_of(dark, brush->picture));
        wr_canvas_mask(brush->picture, &(wr_mask){cover, size, size, size}, x - size / 2, y - size / 2,
                       wr_colour_of(box ? colour_of(box) : light, brush->picture));
    }
}

typedef struct tally {
    char label[WEIR_LABEL_BYTES + 1];
    unsigned count;
} tally;

static int tally_boxes(const wr_paint *paint, const weir_boxes *boxes, size_t count, tally kinds[KINDS_MAX])
{
    int known = 0;
    for (size_t i = 0; i < count; i++) {
        const weir_box *box = &boxes->box[i];
        int at = 0;
        if (!shown(paint, box))
            continue;
        while (at < known && strncmp(kinds[at].label, box->label, sizeof box->label) != 0)
            at++;
        if (at == KINDS_MAX)
            continue;
        if (at == known)
            snprintf(kinds[known++].label, sizeof kinds->label, "%.*s", (int)sizeof box->label, box->label);
        kinds[at].count++;
    }
    return known;
}

static const char *plural_ending(const tally *kind)
{
    size_t length = strlen(kind->label);
    const char *end = kind->label + length;
    if (kind->count == 1 || length < 2)
        return "";
    if (strcmp(end - 2, "us") == 0 || strcmp(end - 2, "ss") == 0 || strcmp(end - 2, "ch") == 0 ||
        strcmp(end - 2, "sh") == 0 || end[-1] == 'x')
        return "es";
    return end[-1] == 's' ? "" : "s";
}

static void add(char text[TEXT_MAX], const char *more)
{
    size_t length = strlen(text);
    snprintf(text + length, TEXT_MAX - length, "%s%s", length ? "   " : "", more);
}

static void add_counts(const wr_paint *paint, const weir_boxes *boxes, size_t count, char text[TEXT_MAX])
{
    char part[64];
    tally kinds[KINDS_MAX] = {0};
    int known = tally_boxes(paint, boxes, count, kinds);
    for (int i = 0; i < known; i++) {
        snprintf(part, sizeof part, "%u %.32s%s", kinds[i].count, kinds[i].label, plural_ending(&kinds[i]));
        add(text, part);
    }
    if (!known)
        add(text, "0 found");
}

static void add_age(char text[TEXT_MAX], int64_t age_ns)
{
    char part[64];
    double age_s = age_ns > 0 ? (double)age_ns / 1e9 : 0;
    if (age_s < 1)
        snprintf(part, sizeof part, "%.0f ms", age_s * 1e3);
    else
        snprintf(part, sizeof part, "%.1f s", age_s);
    add(text, part);
}

static void paint_line(const struct brush *brush, const weir_frame *frame, const weir_boxes *boxes, size_t count,
                       int64_t now_ns)
{
    char text[TEXT_MAX] = "", part[32];
    const wr_paint *paint = brush->paint;
    if (paint->number) {
        snprintf(part, sizeof part, "#%lld", (long long)frame->number);
        add(text, part);
    }
    if (paint->age)
        add_age(text, now_ns - frame->captured_ns);
    if (paint->count && boxes)
        add_counts(paint, boxes, count, text);
    if (!*text || !brush->text)
        return;
    int width = wr_font_width(paint->font, text) + 2 * brush->pad, margin = brush->pad & ~1;
    wr_area area = {margin, margin, margin + width, margin + line_height(brush)};
    paint_text(brush, area, text, dark, 176, light);
}

/* What an attachment says of its count holds only as far as the attachment reaches. */
static size_t fitting(size_t count, size_t bytes, size_t head, size_t item)
{
    size_t room = bytes > head ? (bytes - head) / item : 0;
    return count < room ? count : room;
}

void wr_paint_frame(const wr_paint *paint, weir_picture *picture, const weir_frame *frame, int64_t now_ns)
{
    size_t bytes = 0, count = 0;
    struct brush brush = new_brush(paint, picture);
    const weir_boxes *boxes = weir_frame_find(frame, WEIR_KIND_BOXES, &bytes);
    if (boxes)
        count = fitting(boxes->count, bytes, sizeof *boxes, sizeof *boxes->box);
    for (size_t i = count; paint->boxes && i-- > 0;)
        if (shown(paint, &boxes->box[i]))
            wr_canvas_outline(picture, area_of(&boxes->box[i]), brush.thickness,
                              wr_colour_of(colour_of(&boxes->box[i]), picture));
    const weir_points *points = weir_frame_find(frame, WEIR_KIND_POINTS, &bytes);
    if (points && paint->points)
        paint_points(&brush, points, fitting(points->count, bytes, sizeof *points, sizeof *points->point), boxes,
                     count);
    for (size_t i = count; i-- > 0;)
        if (shown(paint, &boxes->box[i]))
            paint_label(&brush, &boxes->box[i]);
    paint_line(&brush, frame, boxes, count, now_ns);
}
