/* weir: real-time video analysis that stays live, and proves it. Includes the whole contract. */
#ifndef WEIR_H
#define WEIR_H

#include <weir/boxes.h>
#include <weir/clock.h>
#include <weir/component.h>
#include <weir/frame.h>
#include <weir/log.h>
#include <weir/option.h>
#include <weir/packet.h>
#include <weir/picture.h>
#include <weir/pipeline.h>
#include <weir/policy.h>
#include <weir/stats.h>
#include <weir/status.h>
#include <weir/tap.h>
#include <weir/view.h>

#define WEIR_VERSION "0.1.0"

#endif
