#include "trigger.h"

#include <string.h>
#include <weir/option.h>

bool wr_trigger_labels(wr_trigger *trigger, const char *list)
{
    char word[WEIR_LABEL_BYTES];
    for (const char *at = list; (at = weir_list_next(at, word, sizeof word));) {
        if (trigger->labels == WR_TRIGGER_LABELS)
            return false;
        memcpy(trigger->label[trigger->labels++].name, word, sizeof word);
    }
    return true;
}

static bool holds(const weir_boxes *boxes, size_t bytes, const char *label, float min_score)
{
    for (uint32_t i = 0; i < boxes->count && weir_boxes_bytes((size_t)i + 1) <= bytes; i++) {
        const weir_box *box = &boxes->box[i];
        if (box->score >= min_score && strncmp(box->label, label, sizeof box->label) == 0)
            return true;
    }
    return false;
}

static bool is_due(wr_trigger *trigger, int64_t time_ns)
{
    if (!trigger->every_ns || (trigger->started && time_ns < trigger->next_ns))
        return false;
    /* On the beat as long as frames come, and a new beat after a pause. */
    bool late = !trigger->started || time_ns - trigger->next_ns >= trigger->every_ns;
    trigger->next_ns = (late ? time_ns : trigger->next_ns) + trigger->every_ns;
    trigger->started = true;
    return true;
}

bool wr_trigger_fires(wr_trigger *trigger, int64_t time_ns, const weir_boxes *boxes, size_t boxes_bytes)
{
    bool fires = is_due(trigger, time_ns);
    for (int i = 0; boxes && i < trigger->labels; i++) {
        bool was_here = trigger->label[i].here;
        trigger->label[i].here = holds(boxes, boxes_bytes, trigger->label[i].name, trigger->min_score);
        if (!trigger->label[i].here)
            continue;
        bool away = !trigger->label[i].seen || time_ns - trigger->label[i].seen_ns > trigger->holdoff_ns;
        trigger->label[i].seen = true;
        trigger->label[i].seen_ns = time_ns;
        fires = fires || (away && !was_here);
    }
    return fires;
}
