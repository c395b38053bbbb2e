import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shelfwatch.inference.containers import MAX_CHUNKS, MAX_SEGMENTS, bare, exif_orientation


def picture(kind, **options):
    out = io.BytesIO()
    Image.linear_gradient("L").resize((24, 18)).convert(options.pop("mode", "RGB")).save(out, kind, **options)
    return out.getvalue()


def segment(marker, content):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def pixels(data):
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()


def exif(order, kind, value, before=0):
    """An EXIF block whose first directory has `before` other entries and then the orientation."""
    codes = {1: "B3x", 3: "H2x", 4: "I", 2: "4s"}
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    others = b"".join(struct.pack(f"{order}HHII", 0x100 + i, 4, 1, 3) for i in range(before))
    entry = struct.pack(f"{order}HHI{codes[kind]}", 0x0112, kind, 1, value)
    return start + struct.pack(f"{order}H", before + 1) + others + entry + bytes(4)


class TestOrientation:
    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize("kind", [1, 3, 4])
    @pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
    def test_of_any_whole_number_in_either_byte_order(self, order, kind, prefix):
        assert exif_orientation(prefix + exif(order, kind, 6, before=3)) == 6

    def test_as_pillow_writes_it(self):
        block = Image.Exif()
        block[0x010F] = "Maker"
        block[0x0112] = 8
        assert exif_orientation(block.tobytes()) == 8

    @pytest.mark.parametrize("value", [0, 9, 255])
    def test_values_beyond_the_standard_are_upright(self, value):
        assert exif_orientation(exif("<", 3, value)) == 1

    def test_text_is_no_orientation(self):
        assert exif_orientation(exif("<", 2, b"6\0\0\0")) == 1

    def test_a_directory_that_points_at_itself_ends(self):
        looped = bytearray(exif("<", 3, 0, before=40))
        looped[4:8] = struct.pack("<I", 4)
        assert exif_orientation(bytes(looped)) == 1

    @given(st.binary(max_size=80), st.sampled_from([b"", b"Exif\0\0", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
    @settings(max_examples=300, deadline=None)
    def test_noise_gives_an_orientation(self, noise, start):
        assert 1 <= exif_orientation(start + noise) <= 8


class TestJpeg:
    def test_metadata_goes_and_pixels_stay(self):
        plain = picture("JPEG")
        extras = b"".join(segment(marker, b"metadata " * 99) for marker in (0xE1, 0xE2, 0xED, 0xEF, 0xFE))
        file = bare("JPEG", plain[:2] + extras + plain[2:])
        assert file.data == plain
        assert file.frame == 0xC0
        assert bare("JPEG", picture("JPEG", progressive=True)).frame == 0xC2

    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    def test_what_tells_the_colours_is_kept(self, mode):
        data = picture("JPEG", mode=mode, comment=b"c" * 50)
        file = bare("JPEG", data)
        assert len(file.data) < len(data)
        assert pixels(file.data) == pixels(data)

    def test_the_first_exif_segment_counts(self):
        plain = picture("JPEG")
        turned = [segment(0xE1, b"Exif\0\0" + exif(">", 3, value)) for value in (3, 6)]
        assert bare("JPEG", plain[:2] + b"".join(turned) + plain[2:]).orientation == 3

    @pytest.mark.parametrize("junk", [b"\xff" * 7, b"junk", b"\xff\xd0\xff\x01"])
    def test_junk_between_segments_is_passed_over(self, junk):
        plain = picture("JPEG")
        file = bare("JPEG", plain[:2] + junk + segment(0xFE, b"\xff\xda") + plain[2:])
        assert pixels(file.data) == pixels(plain)

    @pytest.mark.parametrize(
        "piece", [segment(0xFE, b""), segment(0xE5, b""), segment(0xDB, b""), b"\xff", b"\xff\xd0"]
    )
    def test_endless_pieces_are_not_followed(self, piece):
        plain = picture("JPEG")
        assert bare("JPEG", plain[:2] + piece * (MAX_SEGMENTS // 2) + plain[2:]).frame == 0xC0
        with pytest.raises(ValueError, match="segments"):
            bare("JPEG", plain[:2] + piece * MAX_SEGMENTS + plain[2:])


class TestPng:
    def test_metadata_goes_and_pixels_stay(self):
        plain = picture("PNG", mode="P", transparency=3)
        extras = [
            (b"tEXt", b"a\0b"),
            (b"iCCP", b"x\0\0" + zlib.compress(b"p")),
            (b"acTL", bytes(8)),
            (b"tIME", bytes(7)),
        ]
        data = plain[:33] + b"".join(chunk(*extra) for extra in extras) + plain[33:]
        assert bare("PNG", data + b"and a ZIP behind").data == plain

    @pytest.mark.parametrize("place", [33, -12], ids=["before-pixels", "behind"])
    def test_orientation(self, place):
        plain = picture("PNG")
        data = plain[:place] + chunk(b"eXIf", exif(">", 3, 5)) + plain[place:]
        file = bare("PNG", data)
        assert (file.data, file.orientation) == (plain, 5)

    def test_cut_short_stays_cut_short(self):
        plain = picture("PNG")
        for length in range(8, len(plain)):
            assert bare("PNG", plain[:length]).data == plain[:length]

    @pytest.mark.parametrize("kind", [b"IDAT", b"tEXt", b"zzzz"])
    def test_endless_chunks_are_not_followed(self, kind):
        plain = picture("PNG")
        with pytest.raises(ValueError, match="chunks"):
            bare("PNG", plain[:33] + chunk(kind, b"") * MAX_CHUNKS + plain[33:])


class TestWebp:
    @pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0"}, {"mode": "RGBA"}])
    def test_size(self, options):
        assert bare("WEBP", picture("WEBP", **options)).size == (24, 18)

    def test_size_of_an_animation_s_canvas(self):
        frames = [Image.new("RGB", (300, 200), colour) for colour in ("red", "blue")]
        out = io.BytesIO()
        frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
        assert bare("WEBP", out.getvalue()).size == (300, 200)

    def test_without_a_header_there_is_no_size(self):
        assert bare("WEBP", b"RIFF\x04\0\0\0WEBPVP8 ").size is None
