use super::*;

/// A PNG of a size, without the pixels.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(b"\x08\x06\0\0\0\0\0\0\0");
    bytes
}

fn svg(inner: &str) -> String {
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\">\n{inner}\n</svg>")
}

fn check_refused(bytes: &[u8], part: &str) {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    let reason = look(bytes).expect_err(&text);
    assert!(reason.contains(part), "{text}: {reason}");
}

fn check_svg_refused(inner: &str, part: &str) {
    check_refused(svg(inner).as_bytes(), part);
}

#[test]
fn the_type_is_told_from_the_bytes() {
    assert_eq!(look(&png(1, 8192)), Ok(PictureType::Png));
    let jpeg = b"\xFF\xD8\xFF\xC0\0\x11\x08\0\x10\0\x20\x03\x01\x11\0\x02\x11\0\x03\x11\0\xFF\xD9";
    assert_eq!(look(jpeg), Ok(PictureType::Jpeg));
    let webp = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x0f\0\0\x0f\0\0    ";
    assert_eq!(look(webp), Ok(PictureType::Webp));
    assert_eq!(look(svg("").as_bytes()), Ok(PictureType::Svg));
    let marked = format!("\u{feff}\n<?xml version=\"1.0\"?>{}", svg(""));
    assert_eq!(look(marked.as_bytes()), Ok(PictureType::Svg));
}

#[test]
fn what_is_no_picture_or_too_large_is_refused() {
    check_refused(b"", "empty");
    check_refused(b"GIF89a\x01\0\x01\0\0\0\0", "none of PNG");
    check_refused(b"%PDF-1.7", "none of PNG");
    check_refused(
        b"<html><body>hello</body></html>",
        "line 1 of the SVG is none",
    );
    check_refused(&png(0, 4), "0 x 4 pixels");
    check_refused(&png(8193, 4), "8193 x 4 pixels");
    check_refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "damaged");
    check_refused(b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01", "damaged");
    check_refused(&vec![b'<'; BYTES_MAX + 1], "more than 2 MiB");
    check_refused(b"<svg \xFF\xFF>", "UTF-8");
}

#[test]
fn an_svg_that_draws_is_taken() {
    for inner in [
        "<defs><linearGradient id='a'/></defs><rect fill='url(#a)' style='stroke:url(\"#a\")'/>",
        "<use href='#a'/><a><text>1 &lt; 2 &#x20;</text></a>",
        "<image href='data:image/png;base64,iVBORw0KGgo='/>",
        "<style>.a { fill: url(#a) } /* on */</style><style><![CDATA[.b{fill:red}]]></style>",
        "<animate attributeName='x' from='0' to='1'/>",
        "<metadata xmlns:rdf='http://x/'><rdf:RDF rdf:about='http://x/'/></metadata>",
    ] {
        assert_eq!(look(svg(inner).as_bytes()), Ok(PictureType::Svg), "{inner}");
    }
    let typed = format!(
        "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/x.dtd\">{}",
        svg("")
    );
    assert_eq!(look(typed.as_bytes()), Ok(PictureType::Svg));
    let prefixed = "<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:g/></s:svg>";
    assert_eq!(look(prefixed.as_bytes()), Ok(PictureType::Svg));
}

#[test]
fn an_svg_that_does_more_is_refused_with_its_line() {
    check_svg_refused(
        "<script>1</script>",
        "line 2 of the SVG has an element <script>",
    );
    check_svg_refused(
        "<x:ScRiPt xmlns:x='http://www.w3.org/2000/svg'/>",
        "<script>",
    );
    check_svg_refused(
        "\n<foreignObject/>",
        "line 3 of the SVG has an element <foreignobject>",
    );
    check_svg_refused("<iframe/>", "<iframe>");
    check_svg_refused("<rect onload='x'/>", "attribute onload");
    check_svg_refused("<rect OnClick='x'/>", "attribute onclick");
    check_svg_refused("<image href='https://x.example/a.png'/>", "outside, href");
    check_svg_refused("<image href='//x.example/a.png'/>", "outside");
    check_svg_refused("<a xlink:href='java&#115;cript:x'/>", "outside, xlink:href");
    check_svg_refused("<use href='data:image/svg+xml;base64,AA'/>", "outside");
    check_svg_refused("<use href='other.svg#a'/>", "outside");
    check_svg_refused(
        "<rect fill='url(http://x.example/#a)'/>",
        "outside in a style",
    );
    check_svg_refused("<rect style='fill:u\\72l(http://x)'/>", "backslash");
    check_svg_refused(
        "<rect style='fill:&#117;rl(http://x)'/>",
        "outside in a style",
    );
    check_svg_refused("<style>@import 'x';</style>", "@import");
    check_svg_refused("<style>a{b:&#117;rl(x)}</style>", "written out");
    check_svg_refused(
        "<style>a{b:url( \"http://x\")}</style>",
        "outside in a style",
    );
    check_svg_refused(
        "<style><![CDATA[a{b:ur]]><![CDATA[l(//x)}]]></style>",
        "outside in a style",
    );
    check_svg_refused("<set attributeName='xlink:href' to='x'/>", "course of time");
    check_svg_refused("<g xml:base='http://x/'/>", "xml:base");
    check_svg_refused(
        "<?xml-stylesheet href='http://x'?>",
        "processing instruction",
    );
    check_svg_refused("<g>", "is no XML");
    check_svg_refused(&"<g/>".repeat(50_001), "too much");
    check_svg_refused(&"<g>".repeat(300_000), "too much");
    check_refused(b"<svg/>", "its root is not <svg");
    check_refused(b"<!-- <svg> -->", "no element");
    let two = format!("{}{}", svg(""), svg(""));
    check_refused(two.as_bytes(), "second root");
    let bombed = format!("<!DOCTYPE svg [<!ENTITY a \"b\">]>{}", svg("&a;"));
    check_refused(bombed.as_bytes(), "defines entities");
    check_refused(svg("").trim_end_matches("</svg>").as_bytes(), "breaks off");
}
