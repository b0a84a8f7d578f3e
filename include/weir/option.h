/* Option: one setting of a component, declared once.
 *
 * A component lists its options in one table; from that table come parsing,
 * validation, `weir help COMPONENT`, the reference and forms. Values live in a
 * struct of the component, filled before plan() is called and constant after.
 *
 *     typedef struct { double fps; weir_path image; } camera_options;
 *     static const weir_option options[] = {
 *         WEIR_OPTION(camera_options, fps, "pictures per second", .unit = "1/s", .text = "10", .min = 0.01, .max = 1000),
 *         WEIR_OPTION(camera_options, image, "PNG or JPEG file", .required = 1),
 *         {0},
 *     };
 *
 * The type follows from the field: int, int64_t, double, bool, and the types
 * below. min and max bound numbers, and durations in seconds, when max > min.
 */
#ifndef WEIR_OPTION_H
#define WEIR_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_string {
    const char *text;
} weir_string; /* never NULL; "" if not given and no default */
typedef struct weir_path {
    const char *text;
} weir_path; /* a file or folder; what a sandbox must open */
typedef struct weir_url {
    const char *text;
} weir_url; /* a path or a URL; credentials in it are masked wherever shown */
typedef struct weir_duration {
    int64_t ns;
} weir_duration; /* written 200ms, 5s, 2m, 1h */
typedef struct weir_bytes {
    uint64_t count;
} weir_bytes; /* written 8MiB, 64KiB, 1GiB, or a plain number */
typedef struct weir_size {
    uint32_t width, height;
} weir_size; /* pixels, written 1920x1080 */
typedef struct weir_choice {
    int index;
} weir_choice; /* one of `choices` */
typedef struct weir_list {
    const char *text;
} weir_list; /* words separated by commas, see weir_list_next() */

typedef enum weir_type {
    WEIR_TYPE_INT = 1,
    WEIR_TYPE_INT64,
    WEIR_TYPE_DOUBLE,
    WEIR_TYPE_BOOL,
    WEIR_TYPE_STRING,
    WEIR_TYPE_PATH,
    WEIR_TYPE_URL,
    WEIR_TYPE_DURATION,
    WEIR_TYPE_BYTES,
    WEIR_TYPE_SIZE,
    WEIR_TYPE_CHOICE,
    WEIR_TYPE_LIST,
} weir_type;

typedef struct weir_option {
    const char *name; /* NULL ends the table */
    const char *help; /* one line, no full stop */
    weir_type type;
    size_t offset;              /* of the field in the struct of options */
    const char *text;           /* the default, as a user would write it; NULL: zero or empty */
    const char *unit;           /* for help only */
    double min, max;            /* inclusive; no bounds if max <= min */
    const char *const *choices; /* NULL-terminated, for weir_choice; or the words known, for help, else */
    bool required;
    bool secret; /* never shown resolved */
} weir_option;

#define WEIR_TYPE_OF(field)                                                                                            \
    _Generic((field), int                                                                                              \
             : WEIR_TYPE_INT, int64_t                                                                                  \
             : WEIR_TYPE_INT64, double                                                                                 \
             : WEIR_TYPE_DOUBLE, bool                                                                                  \
             : WEIR_TYPE_BOOL, weir_string                                                                             \
             : WEIR_TYPE_STRING, weir_path                                                                             \
             : WEIR_TYPE_PATH, weir_url                                                                                \
             : WEIR_TYPE_URL, weir_duration                                                                            \
             : WEIR_TYPE_DURATION, weir_bytes                                                                          \
             : WEIR_TYPE_BYTES, weir_size                                                                              \
             : WEIR_TYPE_SIZE, weir_choice                                                                             \
             : WEIR_TYPE_CHOICE, weir_list                                                                             \
             : WEIR_TYPE_LIST)

/* The help text comes first, designated fields may follow it. */
#define WEIR_OPTION(options, field, ...)                                                                               \
    {                                                                                                                  \
        .name = #field, .type = WEIR_TYPE_OF(((options *)0)->field), .offset = offsetof(options, field),               \
        .help = __VA_ARGS__                                                                                            \
    }

/* Next word of a weir_list: copies it into word (cut to `bytes`) and returns where to
 * go on, NULL when there is none. Start with list.text. Blanks around words are left out. */
WEIR_API const char *weir_list_next(const char *at, char *word, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
