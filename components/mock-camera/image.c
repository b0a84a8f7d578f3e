#include "image.h"

#include <errno.h>
#include <libyuv.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <turbojpeg.h>

enum { PIXEL_BYTES = 4 };

/* --- the file --- */

static weir_status read_all(FILE *in, wr_image_file *file, size_t bytes)
{
    file->data = malloc(bytes + 1);
    if (!file->data)
        return WEIR_NO_MEMORY;
    file->bytes = fread(file->data, 1, bytes, in);
    return ferror(in) ? WEIR_IO : WEIR_OK;
}

static weir_status open_and_read(const char *path, wr_image_file *file, char why[WR_IMAGE_WHY])
{
    struct stat info;
    FILE *in = stat(path, &info) == 0 && S_ISREG(info.st_mode) ? fopen(path, "rbe") : NULL;
    if (!in && errno == 0) {
        snprintf(why, WR_IMAGE_WHY, "%s is no file; name a PNG or JPEG file in image=", path);
        return WEIR_NOT_FOUND;
    }
    if (!in) {
        snprintf(why, WR_IMAGE_WHY, "cannot open %s: %s; check image=", path, strerror(errno));
        return WEIR_NOT_FOUND;
    }
    weir_status status = WEIR_BAD_DATA;
    if (info.st_size > WR_IMAGE_FILE_MAX)
        snprintf(why, WR_IMAGE_WHY, "%s has more than %d MiB; use a smaller file in image=", path,
                 WR_IMAGE_FILE_MAX >> 20);
    else if ((status = read_all(in, file, (size_t)info.st_size)) < 0)
        snprintf(why, WR_IMAGE_WHY, "cannot read %s: %s; check image=", path, strerror(errno));
    fclose(in);
    return status;
}

static bool fits(const wr_head *head)
{
    return weir_picture_bytes(WEIR_I420, head->width, head->height) > 0 &&
           (uint64_t)head->width * head->height <= WR_IMAGE_PIXELS_MAX;
}

static weir_status look(const char *path, wr_image_file *file, char why[WR_IMAGE_WHY])
{
    if (!wr_head_parse(file->data, file->bytes, &file->head))
        snprintf(why, WR_IMAGE_WHY, "%s is no PNG or JPEG picture; check image=", path);
    else if (!fits(&file->head))
        snprintf(why, WR_IMAGE_WHY,
                 "%s has %ux%u pixels, which is not from 1 to 16384 a side and %d million in all; use another picture "
                 "in image=",
                 path, file->head.width, file->head.height, WR_IMAGE_PIXELS_MAX >> 20);
    else
        return WEIR_OK;
    return WEIR_BAD_DATA;
}

weir_status wr_image_load(const char *path, wr_image_file *file, char why[WR_IMAGE_WHY])
{
    *file = (wr_image_file){0};
    errno = 0;
    weir_status status = open_and_read(path, file, why);
    if (status == WEIR_OK)
        status = look(path, file, why);
    if (status < 0)
        wr_image_unload(file);
    return status;
}

void wr_image_unload(wr_image_file *file)
{
    free(file->data);
    *file = (wr_image_file){0};
}

uint32_t wr_image_width(const wr_image_file *file)
{
    return wr_head_lies(&file->head) ? file->head.height : file->head.width;
}

uint32_t wr_image_height(const wr_image_file *file)
{
    return wr_head_lies(&file->head) ? file->head.width : file->head.height;
}

size_t wr_image_cost(const wr_image_file *file, uint32_t width, uint32_t height)
{
    size_t stored = (size_t)file->head.width * file->head.height * PIXEL_BYTES;
    return file->bytes + 2 * stored + (size_t)width * height * PIXEL_BYTES;
}

/* --- decoding --- */

static weir_status damaged(const char *path, const char *what, char why[WR_IMAGE_WHY])
{
    snprintf(why, WR_IMAGE_WHY, "%s is damaged or of an unusual kind (%s); save it anew or use another in image=", path,
             what);
    return WEIR_BAD_DATA;
}

static void lay_over_white(uint8_t *pixels, size_t count)
{
    for (uint8_t *at = pixels; count-- > 0; at += PIXEL_BYTES)
        for (int i = 0; at[3] < 255 && i < 3; i++)
            at[i] = (uint8_t)((at[i] * at[3] + 255 * (255 - at[3]) + 127) / 255);
}

static weir_status decode_png(const wr_image_file *file, const char *path, wr_image *image, char why[WR_IMAGE_WHY])
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    bool good = png_image_begin_read_from_memory(&png, file->data, file->bytes) && png.width == image->width &&
                png.height == image->height;
    png.format = PNG_FORMAT_BGRA;
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB; /* deep colours without a word about them are not linear light */
    good = good && png_image_finish_read(&png, NULL, image->pixels, 0, NULL);
    weir_status status = good ? WEIR_OK : damaged(path, *png.message ? png.message : "two sizes", why);
    png_image_free(&png);
    if (good)
        lay_over_white(image->pixels, (size_t)image->width * image->height);
    return status;
}

static weir_status decode_jpeg(const wr_image_file *file, const char *path, wr_image *image, char why[WR_IMAGE_WHY])
{
    tjhandle jpeg = tjInitDecompress();
    if (!jpeg)
        return damaged(path, "no memory", why);
    int rc = tjDecompress2(jpeg, file->data, file->bytes, image->pixels, (int)image->width, 0, (int)image->height,
                           TJPF_BGRX, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS);
    weir_status status = rc == 0 ? WEIR_OK : damaged(path, tjGetErrorStr2(jpeg), why);
    tjDestroy(jpeg);
    return status;
}

/* --- which way is up --- */

static bool new_image(wr_image *image, uint32_t width, uint32_t height)
{
    *image = (wr_image){calloc((size_t)width * height, PIXEL_BYTES), width, height};
    return image->pixels != NULL;
}

static int row_bytes(const wr_image *image)
{
    return (int)image->width * PIXEL_BYTES;
}

static void replace(wr_image *image, wr_image *by)
{
    free(image->pixels);
    *image = *by;
}

static bool mirror(wr_image *image)
{
    wr_image other;
    if (!new_image(&other, image->width, image->height))
        return false;
    ARGBMirror(image->pixels, row_bytes(image), other.pixels, row_bytes(&other), (int)image->width, (int)image->height);
    replace(image, &other);
    return true;
}

static bool turn(wr_image *image, int degrees)
{
    wr_image other;
    bool lying = degrees != 180;
    if (!new_image(&other, lying ? image->height : image->width, lying ? image->width : image->height))
        return false;
    ARGBRotate(image->pixels, row_bytes(image), other.pixels, row_bytes(&other), (int)image->width, (int)image->height,
               (enum RotationMode)degrees);
    replace(image, &other);
    return true;
}

static bool put_upright(wr_image *image, int orientation)
{
    static const struct {
        bool mirrored;
        int degrees;
    } ways[9] = {[2] = {true, 0},   [3] = {false, 180}, [4] = {true, 180}, [5] = {true, 270},
                 [6] = {false, 90}, [7] = {true, 90},   [8] = {false, 270}};
    return (!ways[orientation].mirrored || mirror(image)) &&
           (!ways[orientation].degrees || turn(image, ways[orientation].degrees));
}

weir_status wr_image_decode(const wr_image_file *file, const char *path, wr_image *image, char why[WR_IMAGE_WHY])
{
    weir_status status = WEIR_NO_MEMORY;
    snprintf(why, WR_IMAGE_WHY, "there is no memory left to decode %s; use a smaller picture in image=", path);
    if (!new_image(image, file->head.width, file->head.height))
        return status;
    status =
        file->head.format == WR_FILE_PNG ? decode_png(file, path, image, why) : decode_jpeg(file, path, image, why);
    if (status == WEIR_OK && !put_upright(image, file->head.orientation))
        status = WEIR_NO_MEMORY;
    if (status < 0)
        wr_image_free(image);
    return status;
}

/* --- into a picture --- */

static void fill(const wr_image *image, weir_picture *picture)
{
    picture->matrix = WEIR_BT601;
    picture->full_range = 1;
    ARGBToJ420(image->pixels, row_bytes(image), weir_picture_plane_mutable(picture, 0), (int)picture->stride[0],
               weir_picture_plane_mutable(picture, 1), (int)picture->stride[1], weir_picture_plane_mutable(picture, 2),
               (int)picture->stride[2], (int)image->width, (int)image->height);
}

bool wr_image_convert(const wr_image *image, weir_picture *picture)
{
    wr_image scaled;
    if (image->width == picture->width && image->height == picture->height) {
        fill(image, picture);
        return true;
    }
    if (!new_image(&scaled, picture->width, picture->height))
        return false;
    ARGBScale(image->pixels, row_bytes(image), (int)image->width, (int)image->height, scaled.pixels, row_bytes(&scaled),
              (int)scaled.width, (int)scaled.height, kFilterBox);
    fill(&scaled, picture);
    wr_image_free(&scaled);
    return true;
}

void wr_image_free(wr_image *image)
{
    free(image->pixels);
    *image = (wr_image){0};
}
