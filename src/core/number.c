#include "core/option.h"

#include <inttypes.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct number_unit {
    const char *name;
    uint64_t size;
} number_unit;

__extension__ typedef unsigned __int128 wide;

/* From the largest; the last is what a plain fraction is printed in. */
static const number_unit times[] = {
    {"h", 3600000000000}, {"m", 60000000000}, {"s", 1000000000}, {"ms", 1000000}, {NULL, 0}};
static const number_unit sizes[] = {{"GiB", 1u << 30}, {"MiB", 1u << 20}, {"KiB", 1u << 10}, {"", 1}, {NULL, 0}};

static const char *digits(const char *text)
{
    return text + strspn(text, "0123456789");
}

/* Reads "12.5" exactly: whole and fraction as integers. Returns what follows, NULL if it is no such number. */
static const char *decimal(const char *text, uint64_t *whole, uint64_t *fraction, uint64_t *scale)
{
    const char *end = digits(text);
    if (end == text)
        return NULL;
    *whole = 0;
    *fraction = 0;
    *scale = 1;
    for (; text < end; text++)
        if (__builtin_mul_overflow(*whole, 10, whole) || __builtin_add_overflow(*whole, (uint64_t)(*text - '0'), whole))
            return NULL;
    if (*end != '.')
        return end;
    text = end + 1;
    end = digits(text);
    if (end == text || end - text > 15)
        return NULL;
    for (; text < end; text++, *scale *= 10)
        *fraction = *fraction * 10 + (uint64_t)(*text - '0');
    return end;
}

static bool in_units(uint64_t whole, uint64_t fraction, uint64_t scale, uint64_t size, uint64_t *result)
{
    wide all = (wide)whole * size + (wide)fraction * size / scale;
    if (all > INT64_MAX)
        return false;
    *result = (uint64_t)all;
    return true;
}

static bool parse_in(const number_unit *units, const char *text, uint64_t *result)
{
    uint64_t whole, fraction, scale;
    const char *rest = decimal(text, &whole, &fraction, &scale);
    if (!rest)
        return false;
    for (const number_unit *unit = units; unit->name; unit++)
        if (strcmp(rest, unit->name) == 0)
            return in_units(whole, fraction, scale, unit->size, result);
    return false;
}

bool wr_parse_duration(const char *text, int64_t *ns)
{
    uint64_t result = 0;
    if (strcmp(text, "0") != 0 && !parse_in(times, text, &result))
        return false;
    *ns = (int64_t)result;
    return true;
}

bool wr_parse_bytes(const char *text, uint64_t *bytes)
{
    return parse_in(sizes, text, bytes);
}

bool wr_parse_int(const char *text, int64_t *value)
{
    const char *first = text + (*text == '-' || *text == '+');
    int64_t result = 0;
    if (!*first || *digits(first))
        return false;
    for (; *first; first++) {
        int digit = *text == '-' ? '0' - *first : *first - '0';
        if (__builtin_mul_overflow(result, 10, &result) || __builtin_add_overflow(result, digit, &result))
            return false;
    }
    *value = result;
    return true;
}

/* --- numbers with a point, in every locale --- */

static locale_t point;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_point(void)
{
    point = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static bool looks_decimal(const char *text)
{
    text += *text == '-' || *text == '+';
    const char *end = digits(text);
    size_t count = (size_t)(end - text);
    if (*end == '.') {
        text = end + 1;
        end = digits(text);
        count += (size_t)(end - text);
    }
    if (count == 0)
        return false;
    if (*end == 'e' || *end == 'E') {
        text = end + 1;
        text += *text == '-' || *text == '+';
        end = digits(text);
        if (end == text)
            return false;
    }
    return *end == '\0';
}

bool wr_parse_double(const char *text, double *value)
{
    pthread_once(&once, make_point);
    if (!looks_decimal(text))
        return false;
    double result = strtod_l(text, NULL, point);
    if (!__builtin_isfinite(result))
        return false;
    *value = result;
    return true;
}

void wr_print_double(double value, char *text, size_t bytes)
{
    double again = 0;
    pthread_once(&once, make_point);
    locale_t before = uselocale(point);
    for (int precision = 6; precision <= 17; precision++) {
        snprintf(text, bytes, "%.*g", precision, value);
        if (wr_parse_double(text, &again) && again == value)
            break;
    }
    uselocale(before);
}

/* In the largest unit that needs no fraction. */
static bool print_in(const number_unit *unit, uint64_t value, char *text, size_t bytes)
{
    while (unit->name && (value % unit->size != 0 || value == 0))
        unit++;
    if (unit->name)
        snprintf(text, bytes, "%" PRIu64 "%s", value / unit->size, unit->name);
    return unit->name != NULL;
}

void wr_print_duration(int64_t ns, char *text, size_t bytes)
{
    if (print_in(times, (uint64_t)ns, text, bytes))
        return;
    if (ns == 0) {
        snprintf(text, bytes, "0s");
        return;
    }
    int width = 6;
    int64_t fraction = ns % 1000000;
    for (; fraction % 10 == 0; fraction /= 10)
        width--;
    snprintf(text, bytes, "%" PRId64 ".%0*" PRId64 "ms", ns / 1000000, width, fraction);
}

void wr_print_bytes(uint64_t count, char *text, size_t bytes)
{
    if (!print_in(sizes, count, text, bytes))
        snprintf(text, bytes, "0");
}
