//! Files as others see them: written, read back, damaged, read by programs of others.

mod hostile;
mod memory;
mod peers;
mod rig;
mod round_trip;
mod sheets;
