#include "canvas.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static uint8_t clamped(double value)
{
    return (uint8_t)lrint(fmin(fmax(value, 0), 255));
}

wr_colour wr_colour_of(uint32_t rgb, const weir_picture *picture)
{
    static const double red_share[] = {[WEIR_BT601] = 0.299, [WEIR_BT709] = 0.2126, [WEIR_BT2020] = 0.2627};
    static const double blue_share[] = {[WEIR_BT601] = 0.114, [WEIR_BT709] = 0.0722, [WEIR_BT2020] = 0.0593};
    uint32_t which = picture->matrix <= WEIR_BT2020 ? picture->matrix : WEIR_BT601;
    double kr = red_share[which], kb = blue_share[which];
    double r = (double)(rgb >> 16 & 255) / 255, g = (double)(rgb >> 8 & 255) / 255, b = (double)(rgb & 255) / 255;
    double y = kr * r + (1 - kr - kb) * g + kb * b;
    double u = (b - y) / (2 - 2 * kb), v = (r - y) / (2 - 2 * kr);
    if (picture->full_range)
        return (wr_colour){clamped(255 * y), clamped(128 + 255 * u), clamped(128 + 255 * v)};
    return (wr_colour){clamped(16 + 219 * y), clamped(128 + 224 * u), clamped(128 + 224 * v)};
}

static int plane_width(const weir_picture *picture, int plane)
{
    return (int)(plane ? (picture->width + 1) / 2 : picture->width);
}

static int plane_height(const weir_picture *picture, int plane)
{
    return (int)(plane ? (picture->height + 1) / 2 : picture->height);
}

static uint8_t *row_of(weir_picture *picture, int plane, int y)
{
    return weir_picture_plane_mutable(picture, plane) + (size_t)y * picture->stride[plane];
}

void wr_canvas_copy(weir_picture *to, const weir_picture *from)
{
    for (int plane = 0; plane < 3; plane++) {
        size_t width = (size_t)plane_width(to, plane);
        int height = plane_height(to, plane);
        const uint8_t *source = weir_picture_plane(from, plane);
        for (int y = 0; y < height; y++, source += from->stride[plane])
            memcpy(row_of(to, plane, y), source, width);
    }
}

static uint8_t blended(uint8_t under, uint8_t over, int opacity)
{
    return (uint8_t)((under * (255 - opacity) + over * opacity + 127) / 255);
}

static void fill_row(uint8_t *row, int left, int right, uint8_t value, int opacity)
{
    if (opacity >= 255 && right > left)
        memset(row + left, value, (size_t)(right - left));
    else
        for (int x = left; x < right; x++)
            row[x] = blended(row[x], value, opacity);
}

static wr_area clipped(const weir_picture *picture, wr_area area)
{
    return (wr_area){larger(area.left, 0) & ~1, larger(area.top, 0) & ~1,
                     smaller((area.right + 1) & ~1, (int)picture->width),
                     smaller((area.bottom + 1) & ~1, (int)picture->height)};
}

void wr_canvas_fill(weir_picture *picture, wr_area area, wr_colour colour, int opacity)
{
    area = clipped(picture, area);
    for (int y = area.top; y < area.bottom; y++)
        fill_row(row_of(picture, 0, y), area.left, area.right, colour.y, opacity);
    for (int y = area.top / 2; y < (area.bottom + 1) / 2; y++) {
        fill_row(row_of(picture, 1, y), area.left / 2, (area.right + 1) / 2, colour.u, opacity);
        fill_row(row_of(picture, 2, y), area.left / 2, (area.right + 1) / 2, colour.v, opacity);
    }
}

void wr_canvas_outline(weir_picture *picture, wr_area area, int thickness, wr_colour colour)
{
    area.left &= ~1;
    area.top &= ~1;
    area.right = (area.right + 1) & ~1;
    area.bottom = (area.bottom + 1) & ~1;
    int top = smaller(area.top + thickness, area.bottom), bottom = larger(area.bottom - thickness, top);
    int left = smaller(area.left + thickness, area.right), right = larger(area.right - thickness, left);
    wr_canvas_fill(picture, (wr_area){area.left, area.top, area.right, top}, colour, 255);
    wr_canvas_fill(picture, (wr_area){area.left, bottom, area.right, area.bottom}, colour, 255);
    wr_canvas_fill(picture, (wr_area){area.left, top, left, bottom}, colour, 255);
    wr_canvas_fill(picture, (wr_area){right, top, area.right, bottom}, colour, 255);
}

static int cover_at(const wr_mask *mask, int x, int y)
{
    bool inside = x >= 0 && y >= 0 && x < mask->width && y < mask->height;
    return inside ? mask->cover[y * mask->stride + x] : 0;
}

static void mask_luma(weir_picture *picture, const wr_mask *mask, int x, int y, uint8_t value)
{
    int left = larger(x, 0), right = smaller(x + mask->width, plane_width(picture, 0));
    int bottom = smaller(y + mask->height, plane_height(picture, 0));
    for (int at_y = larger(y, 0); at_y < bottom; at_y++) {
        uint8_t *row = row_of(picture, 0, at_y);
        const uint8_t *cover = mask->cover + (at_y - y) * mask->stride;
        for (int at_x = left; at_x < right; at_x++)
            row[at_x] = blended(row[at_x], value, cover[at_x - x]);
    }
}

static void mask_chroma(weir_picture *picture, const wr_mask *mask, int x, int y, wr_colour colour)
{
    int left = larger(x, 0) / 2, right = smaller((x + mask->width + 1) / 2, plane_width(picture, 1));
    int bottom = smaller((y + mask->height + 1) / 2, plane_height(picture, 1));
    for (int at_y = larger(y, 0) / 2; at_y < bottom; at_y++) {
        uint8_t *u = row_of(picture, 1, at_y), *v = row_of(picture, 2, at_y);
        for (int at_x = left; at_x < right; at_x++) {
            int mx = 2 * at_x - x, my = 2 * at_y - y;
            int cover = (cover_at(mask, mx, my) + cover_at(mask, mx + 1, my) + cover_at(mask, mx, my + 1) +
                         cover_at(mask, mx + 1, my + 1)) /
                        4;
            u[at_x] = blended(u[at_x], colour.u, cover);
            v[at_x] = blended(v[at_x], colour.v, cover);
        }
    }
}

void wr_canvas_mask(weir_picture *picture, const wr_mask *mask, int x, int y, wr_colour colour)
{
    mask_luma(picture, mask, x, y, colour.y);
    mask_chroma(picture, mask, x, y, colour);
}

void wr_canvas_disc(uint8_t *cover, int size)
{
    double radius = size / 2.0;
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++) {
            double inside = radius - hypot(x + 0.5 - radius, y + 0.5 - radius) + 0.5;
            cover[y * size + x] = clamped(255 * fmin(inside, 1));
        }
}
