// Two threads add, each to a slot of its own; a third one sums twice.
//
// Must not be: an add that is lost, a sum that goes down, a sum without an add that happens-before it.
//
// holds
// fails: -DONE_SLOT (two threads write one slot)
#include "program.h"

static word slots[2], is_added;

// OwnSlot::add
#define add(slot) store(slot, load(slot, relaxed) + 1, relaxed)

THREAD(adder) {
    add(slots[0]);
    add(slots[0]);
    store(is_added, 1, release);
    return 0;
}

THREAD(other_adder) {
#ifdef ONE_SLOT
    add(slots[0]);
#else
    add(slots[1]);
#endif
    return 0;
}

// Directory::sum_of
static int sum(void) { return load(slots[0], relaxed) + load(slots[1], relaxed); }

THREAD(reader) {
    bool knows = load(is_added, acquire);
    int first = sum(), second = sum();
    assert(first <= second && second <= 3);
    assert(!knows || first >= 2);
    return 0;
}

int main(void) {
    pthread_t threads[] = {start(adder), start(other_adder), start(reader)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    assert(sum() == 3);
}
