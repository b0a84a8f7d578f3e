#!/bin/sh
# check.sh CC MODEL - checks one model exhaustively in each variant of the table below. A variant with BUG_ in it must
# fail: it shows that the check would notice. Exit status 77 without spin.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
variants='
accounts
accounts EVICTS
accounts BUG_COUNT_RELAXED
accounts EVICTS BUG_COUNT_RELAXED
accounts BUG_MOST_RELAXED
accounts BUG_NO_RECHECK
accounts EVICTS BUG_CHECK_FIRST
accounts EVICTS BUG_END_RELAXED
accounts BUG_CONSUMER_NO_TURN
bell
bell HASTY_AFTER=0 FRAMES=3
bell HASTY_AFTER=1 FRAMES=3
bell BUG_NO_FENCE
bell HASTY_AFTER=0 FRAMES=3 BUG_NO_BARRIER
bell HASTY_AFTER=0 FRAMES=3 BUG_BARRIER_LAST
bell HASTY_AFTER=0 FRAMES=3 BUG_HASTE_UNFENCED
bell BUG_RUNG_BY_OTHERS
bell BUG_ARM_RELEASE
bell BUG_NO_SECOND_LOOK
bell BUG_RING_FIRST
death
death EVICTS
death KILLS=2
death TAKER FRAMES=1
death BUG_RETURNED_FIRST
death BUG_GIVEN_LAST
death BUG_DOWNSTREAM_FIRST
death BUG_NOTHING_WAITS
death BUG_TAKES_EARLY
death BUG_NO_LOST
death BUG_NOT_AT_ONCE
death BUG_LISTED_LATE
death TAKER FRAMES=1 BUG_LISTED_FIRST
death FRAMES=1 KILLS=2 BUG_BEGINS_LATE
death BUG_RETIRED_EARLY
death BUG_NOT_RETIRED
death FRAMES=1 KILLS=2 BUG_BOTH_DEAD
end
end CUTS
end BUG_ENDED_LAST
end BUG_END_SILENT
end CUTS BUG_DISCARD_FIRST
end CUTS BUG_CUT_SILENT
holds
holds EVICTS=1
holds EVICTS=2
holds TAKER FRAMES=2
holds TAKER EVICTS=1 FRAMES=2
holds GIVEN_FIRST
holds EVICTS=2 GIVEN_FIRST
holds BUG_RETURNED_FIRST
holds BUG_RETURNED_RELAXED
holds BUG_DOWNSTREAM_FIRST
holds BUG_NOT_AT_ONCE
holds EVICTS=2 BUG_BACK_FIRST
holds TAKER FRAMES=2 BUG_CLAIM_LAST
jump
jump DEPTH=3
jump BUG_UNPUBLISHED
jump BUG_JUMP_LONG
passed
passed FRAMES=4
passed BUG_EMPTY_FIRST
passed BUG_PASS_FIRST
passed BUG_PASS_RELAXED
passed BUG_PASS_SILENT
repair FRAMES=2
repair EVICTS
repair HELD FRAMES=2
repair EVICTS FRAMES=2 KILLS=2
repair HELD FRAMES=2 KILLS=2
repair READER FRAMES=1
repair READER HELD FRAMES=1
repair FRAMES=2 BUG_NOTHING_WAITS
repair EVICTS FRAMES=2 BUG_TAKES_EARLY
repair FRAMES=2 KILLS=2 BUG_READY_FLAG
repair FRAMES=2 BUG_NO_LOST
repair EVICTS FRAMES=2 KILLS=2 BUG_LOST_AGAIN
repair READER FRAMES=1 BUG_NO_TURN
repair READER FRAMES=1 BUG_TURN_LEFT
repair HELD FRAMES=2 BUG_DONE_LAST
ring DEPTH=1
ring DEPTH=2 FRAMES=6
ring BUG_CLAIM_FIRST
ring BUG_PLAIN_CLAIM
ring BUG_PLAIN_EVICT
ring BUG_TAIL_RELAXED
room DEPTH=1
room DEPTH=3
room DEPTH=4 FRAMES=7
room DEPTH=3 BURST=2
room DEPTH=1 HELD
room LIMIT=4
room DEPTH=1 HASTY_AFTER=0
room DEPTH=3 FRAMES=7 HASTY_AFTER=1
room LIMIT=4 HASTY_AFTER=0
room BUG_ARM_RELEASE
room DEPTH=1 BUG_NO_FENCE
room DEPTH=1 BUG_STARVED_LAST
room DEPTH=1 HASTY_AFTER=0 BUG_NO_BARRIER
room DEPTH=1 HASTY_AFTER=0 BUG_HASTE_UNFENCED
room BUG_NO_SECOND_LOOK
room DEPTH=1 BUG_THRESHOLD
room DEPTH=1 BUG_RING_EARLY
room LIMIT=3 DEPTH=5 BUG_BYTES_LAST
'

# Prints "holds", "fails", or what went wrong otherwise.
verdict() {
	rm -f pan*
	# shellcheck disable=SC2046,SC2086 # words
	if ! spin -a -o3 $(printf ' -D%s' $2) "$here/$1.pml" >spin.log 2>&1 || ! [ -f pan.c ]; then
		echo 'spin refuses it'
		return
	fi
	# Compiling takes longer than the search.
	if ! "$cc" -O0 -w -DSAFETY -DNOFAIR -o pan pan.c; then
		echo 'it does not compile'
		return
	fi
	./pan -m10000 >pan.log 2>&1 || true
	if grep -q 'max search depth too small\|Search not completed' pan.log && ! grep -q 'errors: 1' pan.log; then
		echo 'the search was not exhaustive'
	elif grep -q 'errors: 0' pan.log; then
		echo holds
	elif grep -q 'errors: 1' pan.log && grep -q 'assertion violated\|invalid end state' pan.log; then
		echo fails
	else
		echo 'it did not run'
	fi
}

cc=$1
model=$2
command -v spin >/dev/null || exit 77
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
wrong=0 checked=0
while read -r name flags; do
	[ "$name" = "$model" ] || continue
	case $flags in
	*BUG_*) expected=fails ;;
	*) expected=holds ;;
	esac
	found=$(verdict "$name" "${flags:-PLAIN}")
	echo "$name $flags: $found, $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1 states/p' pan.log)"
	checked=$((checked + 1))
	[ "$found" = "$expected" ] || wrong=$((wrong + 1))
done <<END
$variants
END
if [ "$checked" -eq 0 ]; then
	echo "there is no model $model"
	exit 1
fi
[ "$wrong" -eq 0 ]
