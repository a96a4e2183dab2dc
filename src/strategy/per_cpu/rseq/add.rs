//! The restartable sequence. Facts from the kernel's `include/uapi/linux/rseq.h` and rseq(2).

use std::arch::asm;
use std::ptr::NonNull;

use super::super::pool::STRIDE;
use super::Rseq;
use crate::sync::AtomicU64;

impl Rseq {
    /// Adds `n` to the current CPU's slot, of those that lie `STRIDE` bytes apart from `slots` on.
    /// False, and nothing done, if the CPU has no slot or the thread isn't registered.
    ///
    /// Before the sequence, the thread publishes a descriptor of it: its first instruction, its
    /// length, and where to go on if it was interrupted inside. There the kernel wants to find the
    /// signature that glibc registered with in the four bytes before. The sequence's only store is
    /// its last instruction. The descriptor is withdrawn right after it: the kernel must not find
    /// it any more when a library that contains this code is unloaded.
    ///
    /// # Safety
    /// There are `cpus` slots, which are changed by nothing but this function.
    #[inline(always)]
    pub(in super::super) unsafe fn add(self, slots: NonNull<AtomicU64>, n: u64) -> bool {
        let cpu: u32;
        // SAFETY: `area` is that of the current thread's `struct rseq` (`cpu_id` at 4, `rseq_cs` at
        // 8). It writes to no memory but `rseq_cs` and a slot whose index was compared with their
        // number.
        unsafe {
            asm!(
                // struct rseq_cs: version, flags, start, length, abort. Relocated when loaded,
                // read-only then. Of the group that the code is in, if it is in one, so that a
                // linker that drops one drops both.
                ".pushsection .data.rel.ro.quipu_rseq, \"aw?\", @progbits",
                ".balign 32",
                "2:",
                ".long 0, 0",
                ".quad 4f, 5f - 4f, 6f",
                ".popsection",
                ".pushsection .text.unlikely.quipu_rseq, \"ax?\", @progbits",
                // An undefined instruction whose operand is the signature, for disassemblers.
                ".byte 0x0f, 0xb9, 0x3d",
                ".long 0x53053053",
                "6:",
                "jmp 3f",
                ".popsection",
                "3:",
                "lea {at}, [rip + 2b]",
                "mov qword ptr fs:[{area} + 8], {at}",
                "4:",
                "mov {cpu:e}, dword ptr fs:[{area} + 4]",
                // Of a thread without registration, `cpu_id` is -1 or -2.
                "cmp {cpu:e}, {cpus:e}",
                "jae 5f",
                "imul {at}, {cpu:r}, {stride}",
                "add qword ptr [{slots} + {at}], {n}",
                "5:",
                "mov qword ptr fs:[{area} + 8], 0",
                area = in(reg) self.area.get(),
                cpus = in(reg) self.cpus,
                slots = in(reg) slots.as_ptr(),
                n = in(reg) n,
                stride = const STRIDE,
                cpu = out(reg) cpu,
                at = out(reg) _,
                options(nostack),
            );
        }
        cpu < self.cpus
    }
}
