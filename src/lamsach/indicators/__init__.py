"""Lists in, indicators out: `reading` opens `files`, chooses among `formats`, finds values (`text`, `tables`,
`values`) and judges them (`judge`).

`servers` fetches lists, `review` and `releases` say what goes out, `writers` writes it as devices take it.
"""
