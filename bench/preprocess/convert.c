/* Pictures of 1920x1080 become a model's input: `convert weir|swscale|swscale-fast SIDE COUNT PICTURES INPUT`.
 *
 * PICTURES holds eight I420 pictures, taken in turn as a film's would be, out of memory rather than out of the cache. What
 * comes of one is SIDE x SIDE in three planes of floats, RGB, the picture letterboxed in the middle. The median time of
 * one, of the processor, is printed as JSON. weir leaves its input of the first picture in INPUT; others say how far theirs
 * is from it on average, of 255. */
#include "../../components/detect/fit.h"
#include <libswscale/swscale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WIDTH = 1920, HEIGHT = 1080, LUMA = WIDTH * HEIGHT, BYTES = LUMA * 3 / 2, PICTURES = 8, ALIGN = 64, PAD = 114 };

static weir_picture *pictures[PICTURES];
static wr_fit_key key;
static float *input;

static void stop_if(bool bad, const char *why)
{
    if (!bad)
        return;
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static void *new_bytes(size_t bytes)
{
    void *data = aligned_alloc(ALIGN, (bytes + ALIGN - 1) / ALIGN * ALIGN);
    stop_if(!data, "no memory");
    return data;
}

/* --- pictures --- */

static weir_picture *read_picture(FILE *from)
{
    size_t head = (sizeof(weir_picture) + ALIGN - 1) / ALIGN * ALIGN;
    weir_picture *picture = new_bytes(head + BYTES);
    *picture = (weir_picture){.format = WEIR_I420,
                              .width = WIDTH,
                              .height = HEIGHT,
                              .matrix = WEIR_BT601,
                              .planes = 3,
                              .stride = {WIDTH, WIDTH / 2, WIDTH / 2},
                              .offset = {head, head + LUMA, head + LUMA * 5 / 4}};
    stop_if(fread((uint8_t *)picture + head, BYTES, 1, from) != 1, "PICTURES holds too few pictures");
    return picture;
}

static void read_pictures(const char *path)
{
    FILE *from = fopen(path, "rb");
    stop_if(!from, "PICTURES cannot be read");
    for (int i = 0; i < PICTURES; i++)
        pictures[i] = read_picture(from);
    fclose(from);
}

/* --- weir --- */

static void convert_weir(const weir_picture *picture)
{
    stop_if(wr_fit_make(input, wr_fit_bytes(&key), picture, &key) != WEIR_OK, "it cannot be converted");
}

/* --- libswscale: to planes of bytes, from there to floats --- */

static struct SwsContext *scaler;
static uint8_t *plane[3];
static wr_fit place;

static void open_scaler(int how)
{
    const int *bt601 = sws_getCoefficients(SWS_CS_ITU601);
    place = wr_fit_of(&key, WIDTH, HEIGHT);
    scaler = sws_getContext(WIDTH, HEIGHT, AV_PIX_FMT_YUV420P, place.width, place.height, AV_PIX_FMT_GBRP, how, NULL,
                            NULL, NULL);
    stop_if(!scaler, "libswscale does not convert this");
    sws_setColorspaceDetails(scaler, bt601, 0, bt601, 1, 0, 1 << 16, 1 << 16);
    for (int i = 0; i < 3; i++)
        plane[i] = new_bytes((size_t)place.width * (size_t)place.height + ALIGN);
    for (size_t i = 0; i < 3 * (size_t)key.width * key.height; i++)
        input[i] = PAD; /* once: what is around the picture stays */
}

static void to_floats(float *restrict to, const uint8_t *restrict from)
{
    for (int y = 0; y < place.height; y++)
        for (int x = 0; x < place.width; x++)
            to[(size_t)(place.y + y) * key.width + (size_t)(place.x + x)] =
                from[(size_t)y * (size_t)place.width + (size_t)x];
}

static void convert_swscale(const weir_picture *picture)
{
    const uint8_t *from[3];
    int stride[3], wide[] = {place.width, place.width, place.width};
    static const int rgb[] = {2, 0, 1}; /* the planes are green, blue, red */
    for (int i = 0; i < 3; i++) {
        from[i] = weir_picture_plane(picture, i);
        stride[i] = (int)picture->stride[i];
    }
    sws_scale(scaler, from, stride, 0, HEIGHT, plane, wide);
    for (int i = 0; i < 3; i++)
        to_floats(input + (size_t)i * key.width * key.height, plane[rgb[i]]);
}

/* --- measuring --- */

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static double median_us(void (*convert)(const weir_picture *), int count)
{
    double *took = new_bytes((size_t)count * sizeof *took);
    for (int i = 0; i < PICTURES; i++)
        convert(pictures[i]); /* memory that is touched for the first time is another matter */
    for (int i = 0; i < count; i++) {
        double began = now_us();
        convert(pictures[i % PICTURES]);
        took[i] = now_us() - began;
    }
    qsort(took, (size_t)count, sizeof *took, by_size);
    double middle = took[count / 2];
    free(took);
    return middle;
}

static void keep(const char *path, size_t floats)
{
    FILE *to = fopen(path, "wb");
    stop_if(!to || fwrite(input, sizeof *input, floats, to) != floats || fclose(to) != 0, "INPUT cannot be written");
}

static double difference(const char *path, size_t floats)
{
    float *other = new_bytes(floats * sizeof *other);
    FILE *from = fopen(path, "rb");
    double sum = 0;
    stop_if(!from || fread(other, sizeof *other, floats, from) != floats, "INPUT cannot be read");
    fclose(from);
    for (size_t i = 0; i < floats; i++)
        sum += fabs((double)input[i] - (double)other[i]);
    free(other);
    return sum / (double)floats;
}

int main(int argc, char **argv)
{
    stop_if(argc != 6, "usage: convert weir|swscale|swscale-fast SIDE COUNT PICTURES INPUT");
    bool weir = strcmp(argv[1], "weir") == 0;
    uint32_t side = (uint32_t)atoi(argv[2]);
    wr_model_input wanted = {.width = side,
                             .height = side,
                             .layout = WR_NCHW,
                             .colour = WR_RGB,
                             .resize = WR_LETTERBOX,
                             .pad = PAD,
                             .scale = {1, 1, 1}};
    size_t floats = 3 * (size_t)side * side;
    key = wr_fit_key_of(&wanted);
    input = new_bytes(wr_fit_bytes(&key));
    read_pictures(argv[4]);
    if (!weir)
        open_scaler(strcmp(argv[1], "swscale") == 0 ? SWS_BILINEAR : SWS_FAST_BILINEAR);
    void (*convert)(const weir_picture *) = weir ? convert_weir : convert_swscale;
    printf("{\"us\": %.1f", median_us(convert, atoi(argv[3])));
    convert(pictures[0]);
    if (weir)
        keep(argv[5], floats);
    else
        printf(", \"differs\": %.2f", difference(argv[5], floats));
    printf("}\n");
    return 0;
}
