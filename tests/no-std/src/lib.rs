//! Proves that the engine and the TUF client need no std: on WebAssembly this crate brings its own panic handler and
//! allocator, so it links only while nothing below it links std. With its feature `std` it must not
//! build. For other targets it is empty, so that it can be a member of the workspace.
#![no_std]

#[cfg(feature = "std")]
extern crate std;

#[cfg(target_arch = "wasm32")]
mod proof {
    extern crate alloc;

    use alloc::vec::Vec;
    use core::alloc::{GlobalAlloc, Layout};
    use core::arch::wasm32;
    use core::cell::Cell;
    use core::panic::PanicInfo;

    use edgerail_core::{Engine, LoadOptions, Request, Source};
    use edgerail_trust::{Answer, Client, Limits, Step};

    const PAGE_BYTES: usize = 1 << 16;

    /// Loads the bundle that the host wrote at `bundle` and decides the text that it wrote at `text`:
    /// the number of findings, or -1 if the bundle is refused and -2 if the text is no UTF-8.
    ///
    /// # Safety
    /// Both pointers must come from [`allocate`] with the lengths given.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn decide(
        bundle: *const u8,
        bundle_bytes: usize,
        text: *const u8,
        text_bytes: usize,
    ) -> i32 {
        // SAFETY: the caller vouches for both.
        let (bundle, text) = unsafe {
            (
                core::slice::from_raw_parts(bundle, bundle_bytes),
                core::slice::from_raw_parts(text, text_bytes),
            )
        };
        let Ok(engine) = Engine::load(Vec::from(bundle), LoadOptions::default()) else {
            return -1;
        };
        let Ok(text) = core::str::from_utf8(text) else {
            return -2;
        };
        let request = Request::text(Source::Input, text);
        let decision = engine.evaluate(&request);
        i32::try_from(decision.findings().len()).unwrap_or(i32::MAX)
    }

    /// Verifies the root that the host wrote, and begins a refresh: 1 if the client asks for something, or -1
    /// if the root is refused.
    ///
    /// # Safety
    /// The pointer must come from [`allocate`] with the length given.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn verify(root: *const u8, root_bytes: usize, now: u64) -> i32 {
        // SAFETY: the caller vouches for it.
        let root = unsafe { core::slice::from_raw_parts(root, root_bytes) };
        let Ok(mut client) = Client::new(root, Limits::default()) else {
            return -1;
        };
        client.refresh(Some(now));
        while let Ok(Step::Load { .. }) = client.step() {
            client.answer(Answer::Absent);
        }
        i32::from(matches!(client.step(), Ok(Step::Fetch { .. })))
    }

    /// Memory for the host to write to; never freed.
    #[unsafe(no_mangle)]
    extern "C" fn allocate(bytes: usize) -> *mut u8 {
        ALLOCATOR.take(bytes, 1)
    }

    #[panic_handler]
    fn panic(_: &PanicInfo<'_>) -> ! {
        wasm32::unreachable()
    }

    #[global_allocator]
    static ALLOCATOR: Bump = Bump {
        next: Cell::new(0),
        end: Cell::new(0),
    };

    /// Hands out memory from the end of the linear memory and takes none back.
    struct Bump {
        next: Cell<usize>,
        end: Cell<usize>,
    }

    // SAFETY: WebAssembly without threads has one thread.
    unsafe impl Sync for Bump {}

    impl Bump {
        fn take(&self, bytes: usize, align: usize) -> *mut u8 {
            let start = self.next.get().next_multiple_of(align);
            let Some(end) = start.checked_add(bytes) else {
                return core::ptr::null_mut();
            };
            if end <= self.end.get() && start > 0 {
                self.next.set(end);
                return start as *mut u8;
            }
            let pages = bytes.div_ceil(PAGE_BYTES).max(1);
            let before = wasm32::memory_grow::<0>(pages);
            if before == usize::MAX {
                return core::ptr::null_mut();
            }
            // A page's start is aligned for any layout that occurs here.
            let start = before * PAGE_BYTES;
            self.next.set(start + bytes);
            self.end.set(start + pages * PAGE_BYTES);
            start as *mut u8
        }
    }

    // SAFETY: `take` gives disjoint memory that is aligned and never moves.
    unsafe impl GlobalAlloc for Bump {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.take(layout.size(), layout.align())
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }
}
