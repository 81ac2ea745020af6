//! Device identification: function 43 with MEI type 14.
//!
//! Source: *MODBUS Application Protocol Specification V1.1b3*, section 6.21.

use super::exception::ExceptionCode;
use super::pdu::{AnswerError, Request};

/// The function code.
pub const FUNCTION: u8 = 43;
/// The type of the encapsulated interface that identifies devices.
pub const MEI: u8 = 14;
/// Bytes of an answer, behind its function code, before the first object.
const HEAD: usize = 6;

/// One object: its number and its bytes.
pub type Object<'a> = (u8, &'a [u8]);

/// What one answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// The object to ask for next, when not all of them fitted.
    pub next: Option<u8>,
    /// Objects by number: 0 vendor, 1 product code, 2 version, 3 the vendor's address on the web,
    /// 4 product name, 5 model name, 6 name of the application; from 0x80 on the vendor's own.
    pub objects: Vec<Object<'a>>,
}

/// Returns the name of an object as results write it; nothing for those of vendors.
pub const fn object_name(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "vendor",
        1 => "product_code",
        2 => "version",
        3 => "vendor_url",
        4 => "product_name",
        5 => "model_name",
        6 => "application_name",
        _ => return None,
    })
}

/// Reads what stands behind the function code of an answer.
///
/// # Errors
///
/// [`AnswerError::Length`] where it ends early; never panics, whatever the bytes.
pub fn parse(data: &[u8]) -> Result<Page<'_>, AnswerError> {
    let [MEI, _level, _conformity, more, next, count, rest @ ..] = data else {
        return Err(too_short(HEAD, data));
    };
    let mut objects = Vec::new();
    let mut rest = rest;
    for _ in 0..*count {
        let [number, length, after @ ..] = rest else {
            return Err(too_short(data.len() + 2, data));
        };
        let Some((bytes, after)) = after.split_at_checked((*length).into()) else {
            return Err(too_short(data.len() + usize::from(*length), data));
        };
        objects.push((*number, bytes));
        rest = after;
    }
    if !rest.is_empty() {
        return Err(too_short(data.len() - rest.len(), data));
    }
    let next = (*more == 0xFF).then_some(*next);
    Ok(Page { next, objects })
}

/// Appends what stands behind the function code of an answer; all objects must fit one PDU.
pub fn encode_answer(level: u8, objects: &[Object<'_>], out: &mut Vec<u8>) {
    let count = u8::try_from(objects.len()).unwrap_or(u8::MAX);
    out.extend([MEI, level, 0x81, 0, 0, count]);
    for (number, bytes) in objects {
        out.extend([*number, u8::try_from(bytes.len()).unwrap_or(u8::MAX)]);
        out.extend_from_slice(bytes);
    }
}

/// Reads what stands behind the function code of a request.
pub(super) fn decode_request(data: &[u8]) -> Result<Request, ExceptionCode> {
    match *data {
        [MEI, level, object] => Ok(Request::Identify { level, object }),
        [MEI, ..] => Err(ExceptionCode::ILLEGAL_DATA_VALUE),
        _ => Err(ExceptionCode::ILLEGAL_FUNCTION),
    }
}

/// Checks what stands behind the function code of an answer and returns it.
pub(super) fn check_answer(data: &[u8]) -> Result<&[u8], AnswerError> {
    parse(data).map(|_| data)
}

/// Returns the bytes of an answer that begins with `pdu`, function code included, as far as they
/// can be told; while too little is there to tell, more than are there.
pub(super) fn answer_length(pdu: &[u8]) -> usize {
    let Some(&count) = pdu.get(HEAD) else {
        return HEAD + 1;
    };
    let mut end = HEAD + 1;
    for _ in 0..count {
        let Some(&length) = pdu.get(end + 1) else {
            return end + 2;
        };
        end += 2 + usize::from(length);
    }
    end
}

fn too_short(want: usize, data: &[u8]) -> AnswerError {
    AnswerError::Length {
        want: want + 1,
        found: data.len() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::{Direction, Framing, Step};
    use super::super::pdu::Answer;
    use super::*;

    const OBJECTS: [Object<'_>; 3] = [(0, b"Vendor"), (1, b"X1"), (2, b"")];

    fn answer() -> Vec<u8> {
        let mut data = Vec::new();
        encode_answer(1, &OBJECTS, &mut data);
        data
    }

    #[test]
    fn objects_come_back_as_they_were_sent() {
        let data = answer();
        let page = parse(&data).unwrap();
        assert_eq!(page.objects, OBJECTS);
        assert_eq!(page.next, None);
    }

    #[test]
    fn every_truncation_and_one_byte_too_many_are_errors() {
        let mut data = answer();
        for end in 0..data.len() {
            assert!(parse(&data[..end]).is_err(), "{end}");
        }
        data.push(0);
        assert!(parse(&data).is_err());
    }

    #[test]
    fn an_answer_on_a_serial_line_is_found_whole_and_not_before() {
        let request = Request::Identify {
            level: 1,
            object: 0,
        };
        let data = answer();
        let mut wire = Vec::new();
        let encode = |out: &mut Vec<u8>| request.encode_answer(Answer::Data(&data), out);
        Framing::Rtu.encode(0, 7, encode, &mut wire);
        for end in 0..wire.len() {
            let step = Framing::Rtu.decode(&mut wire[..end].to_vec(), Direction::Answer);
            assert_eq!(step, Ok(Step::More), "{end}");
        }
        let Ok(Step::Frame(frame)) = Framing::Rtu.decode(&mut wire, Direction::Answer) else {
            panic!("no frame");
        };
        let pdu = &wire[frame.pdu];
        assert_eq!(request.decode_answer(pdu), Ok(Answer::Data(&data)));
    }

    #[test]
    fn requests_are_read_as_they_were_written() {
        let request = Request::Identify {
            level: 4,
            object: 5,
        };
        let mut pdu = Vec::new();
        request.encode(&mut pdu);
        assert_eq!(pdu, [43, 14, 4, 5]);
        assert_eq!(Request::decode(&pdu), Ok(request));
        let wrong = Request::decode(&[43, 14, 9, 0]);
        assert_eq!(wrong, Err(ExceptionCode::ILLEGAL_DATA_VALUE));
        let other = Request::decode(&[43, 13, 1, 0]);
        assert_eq!(other, Err(ExceptionCode::ILLEGAL_FUNCTION));
    }
}
