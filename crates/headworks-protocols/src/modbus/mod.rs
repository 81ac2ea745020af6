//! Modbus: TCP, TLS, RTU, ASCII and serial lines through TCP.

pub mod address;
pub mod ascii;
pub mod exception;
pub mod frame;
pub mod mbap;
pub mod pdu;
pub mod planner;
pub mod rtu;
pub mod settings;
pub mod table;
