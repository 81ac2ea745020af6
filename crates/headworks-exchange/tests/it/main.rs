//! Files as others see them: written, read back, damaged, read by programs of others.

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod sheets;
