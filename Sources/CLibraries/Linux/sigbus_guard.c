#define _GNU_SOURCE
#include "linux_calls.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* In C because a signal handler may run only async-signal-safe code, which Swift cannot promise. */
enum { slot_count = 64 };
static struct {
  _Atomic(uintptr_t) start;
  _Atomic(size_t) length;
  atomic_uint faults;
  atomic_int taken;
} slots[slot_count];
static struct sigaction previous;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static long page_size;

static void on_sigbus(int number, siginfo_t *info, void *context) {
  uintptr_t address = (uintptr_t)info->si_addr;
  for (int i = 0; i < slot_count; i++) {
    uintptr_t start = atomic_load(&slots[i].start);
    size_t length = atomic_load(&slots[i].length);
    if (!start || address < start || address - start >= length) continue;
    void *page = (void *)(address & ~(uintptr_t)(page_size - 1));
    if (mmap(page, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page) {
      atomic_fetch_add(&slots[i].faults, 1);
      return;
    }
  }
  /* Not ours: put the earlier handler back and let the access fault again. */
  (void)number;
  (void)context;
  sigaction(SIGBUS, &previous, NULL);
}

static void install(void) {
  page_size = sysconf(_SC_PAGESIZE);
  struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous);
}

int gvt_guard_add(void *start, size_t length) {
  pthread_once(&once, install);
  for (int i = 0; i < slot_count; i++) {
    int free_slot = 0;
    if (!atomic_compare_exchange_strong(&slots[i].taken, &free_slot, 1)) continue;
    atomic_store(&slots[i].faults, 0);
    atomic_store(&slots[i].length, length);
    atomic_store(&slots[i].start, (uintptr_t)start);
    return i;
  }
  return -1;
}

void gvt_guard_remove(int slot) {
  if (slot < 0 || slot >= slot_count) return;
  atomic_store(&slots[slot].start, 0);
  atomic_store(&slots[slot].length, 0);
  atomic_store(&slots[slot].taken, 0);
}

unsigned gvt_guard_faults(int slot) {
  return slot < 0 || slot >= slot_count ? 0 : atomic_load(&slots[slot].faults);
}
