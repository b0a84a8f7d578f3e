#include "found.h"

#include <math.h>

void wr_found_begin(wr_found *found, wr_fit fit)
{
    found->count = 0;
    found->seen = 0;
    found->fit = fit;
}

/* --- the best ones, as a heap with the least of them on top --- */

static bool worse(const wr_candidate *one, const wr_candidate *other)
{
    return one->score < other->score || (one->score == other->score && one->rank > other->rank);
}

static void swap(wr_candidate *one, wr_candidate *other)
{
    wr_candidate kept = *one;
    *one = *other;
    *other = kept;
}

static void sink(wr_candidate *item, size_t count)
{
    for (size_t at = 0;;) {
        size_t least = at, child = 2 * at + 1;
        if (child < count && worse(&item[child], &item[least]))
            least = child;
        if (child + 1 < count && worse(&item[child + 1], &item[least]))
            least = child + 1;
        if (least == at)
            return;
        swap(&item[at], &item[least]);
        at = least;
    }
}

static void rise(wr_candidate *item, size_t at)
{
    for (; at && worse(&item[at], &item[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&item[at], &item[(at - 1) / 2]);
}

static bool wanted(const wr_found *found, int32_t label)
{
    if (label < 0)
        return false;
    return !found->wanted || ((uint32_t)label < found->labels && found->wanted[label]);
}

static bool in_picture(const wr_found *found, const wr_candidate *c)
{
    const wr_fit *fit = &found->fit;
    return isfinite(c->x1) && isfinite(c->y1) && isfinite(c->x2) && isfinite(c->y2) && c->x1 < c->x2 && c->y1 < c->y2 &&
           c->x2 > (float)fit->x && c->x1 < (float)(fit->x + fit->width) && c->y2 > (float)fit->y &&
           c->y1 < (float)(fit->y + fit->height);
}

void wr_found_add(wr_found *found, float x1, float y1, float x2, float y2, float score, int32_t label)
{
    wr_candidate c = {x1, y1, x2, y2, score, label, found->seen};
    if (!(score >= found->threshold) || !wanted(found, label) || !in_picture(found, &c))
        return;
    found->seen++;
    if (found->count < found->room) {
        found->item[found->count] = c;
        rise(found->item, found->count++);
    } else if (worse(&found->item[0], &c)) {
        found->item[0] = c;
        sink(found->item, found->count);
    }
}

/* --- in order, without rivals --- */

static float area(const wr_candidate *c)
{
    return (c->x2 - c->x1) * (c->y2 - c->y1);
}

static float overlap(const wr_candidate *a, const wr_candidate *b)
{
    float wide = fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1), high = fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1);
    if (wide <= 0 || high <= 0)
        return 0;
    return wide * high / (area(a) + area(b) - wide * high);
}

static bool gives_way(const wr_found *found, size_t kept, const wr_candidate *c, double iou, bool agnostic)
{
    for (size_t i = 0; i < kept; i++) {
        const wr_candidate *better = &found->item[i];
        if ((agnostic || better->label == c->label) && (double)overlap(better, c) > iou)
            return true;
    }
    return false;
}

/* The least goes to the end, again and again: the best is first. */
static void sort(wr_found *found)
{
    for (size_t left = found->count; left > 1; left--) {
        swap(&found->item[0], &found->item[left - 1]);
        sink(found->item, left - 1);
    }
}

void wr_found_settle(wr_found *found, double iou, bool agnostic, size_t most)
{
    size_t kept = 0;
    sort(found);
    for (size_t i = 0; i < found->count && kept < most; i++)
        if (!gives_way(found, kept, &found->item[i], iou, agnostic))
            found->item[kept++] = found->item[i];
    found->count = kept;
}

static float clip(float value, float most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

weir_box wr_found_box(const wr_found *found, size_t i, uint32_t width, uint32_t height)
{
    const wr_candidate *c = &found->item[i];
    const wr_fit *fit = &found->fit;
    float across = (float)width / (float)fit->width, down = (float)height / (float)fit->height;
    float x1 = clip((c->x1 - (float)fit->x) * across, (float)width);
    float y1 = clip((c->y1 - (float)fit->y) * down, (float)height);
    float x2 = clip((c->x2 - (float)fit->x) * across, (float)width);
    float y2 = clip((c->y2 - (float)fit->y) * down, (float)height);
    return (weir_box){
        .x = x1, .y = y1, .width = x2 - x1, .height = y2 - y1, .score = clip(c->score, 1), .label_id = c->label};
}
