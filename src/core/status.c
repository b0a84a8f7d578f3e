#include <weir/policy.h>
#include <weir/status.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *weir_status_text(weir_status status)
{
    switch (status) {
    case WEIR_OK:
        return "done";
    case WEIR_MORE:
        return "more to come";
    case WEIR_END:
        return "ended";
    case WEIR_NO_MEMORY:
        return "out of memory";
    case WEIR_BAD_OPTION:
        return "bad option";
    case WEIR_NOT_FOUND:
        return "not found";
    case WEIR_BAD_DATA:
        return "bad data";
    case WEIR_IO:
        return "input or output failed";
    case WEIR_TIMEOUT:
        return "timed out";
    case WEIR_UNSUPPORTED:
        return "not supported";
    case WEIR_BAD_GRAPH:
        return "bad graph";
    case WEIR_FAILED:
        return "failed";
    case WEIR_STUCK:
        return "stuck";
    }
    return "unknown status";
}

const char *weir_reason_name(weir_reason reason)
{
    static const char *const name[WEIR_REASONS] = {"superseded", "overflow", "expired", "undecodable", "lost"};
    return reason < WEIR_REASONS ? name[reason] : "?";
}

const char *weir_policy_text(const weir_policy *policy, char buffer[32])
{
    static const char *const name[] = {"every", "latest", "newest", "oldest"};
    if (policy->take == WEIR_EVERY || policy->take == WEIR_LATEST)
        snprintf(buffer, 32, "%s", name[policy->take]);
    else
        snprintf(buffer, 32, "%s=%u", name[policy->take], policy->depth);
    return buffer;
}

static int parse_depth(const char *text, uint32_t *depth)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || value == 0 || value > WEIR_DEPTH_MAX)
        return 0;
    *depth = (uint32_t)value;
    return 1;
}

int weir_policy_parse(weir_policy *policy, const char *text)
{
    weir_take take;
    if (strcmp(text, "every") == 0 || strcmp(text, "latest") == 0) {
        policy->take = *text == 'e' ? WEIR_EVERY : WEIR_LATEST;
        return 1;
    }
    if (strncmp(text, "newest=", 7) == 0)
        take = WEIR_NEWEST;
    else if (strncmp(text, "oldest=", 7) == 0)
        take = WEIR_OLDEST;
    else
        return 0;
    if (!parse_depth(text + 7, &policy->depth))
        return 0;
    policy->take = take;
    return 1;
}
