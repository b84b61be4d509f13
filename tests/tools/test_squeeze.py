"""tools/squeeze.c: scripts and style sheets without what only people read."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'program'))
import harness  # noqa: E402


def squeeze(text, ending):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f'a.{ending}'
        path.write_text(text)
        return subprocess.run([os.environ['EMBED'], '--squeeze', path], check=True, capture_output=True, text=True).stdout


class Scripts(unittest.TestCase):

    def check(self, cases, ending):
        for text, expected in cases.items():
            with self.subTest(text):
                self.assertEqual(squeeze(text, ending), expected)

    def test_blanks_and_comments_go_from_scripts(self):
        self.check({
            '/* What. */\nconst a = 1;\n\n  let b = a + 2; /* so */\n': 'const a=1;let b=a+2;',
            'if (a) {\n  b();\n} else c();\nd();\n': 'if(a){b()}else c();d();',
            'return x\n  ? y\n  : z;\n': 'return x?y:z;',
            'a\n  .b()\n  .c();': 'a.b().c();',
            'const f = function () {\n}\nf();': 'const f=function(){}\nf();',
            'a + +b; a - -b; a++ + b;': 'a+ +b;a- -b;a++ +b;',
            'typeof x in y': 'typeof x in y',
        }, 'js')

    def test_what_is_quoted_stays(self):
        self.check({
            '''a = 'b  /* c */  d' + "e  \\"  f";''': '''a='b  /* c */  d'+"e  \\"  f";''',
            'a = `b\n   ${ c  }  d`;': 'a=`b\n   ${ c  }  d`;',
            "a.split(/  [/ ']  /g); b / 2 / c": "a.split(/  [/ ']  /g);b/2/c",
            "return /'  /.test(x)": "return/'  /.test(x)",
        }, 'js')

    def test_style_sheets_mean_the_same(self):
        self.check({
            '/* x */\na  b,\nc > d { color : red ; margin: 0  1px; }\n': 'a b,c>d{color :red;margin:0 1px}',
            'a { width: calc(1px + 2px); content: "  ;  "; }': 'a{width:calc(1px + 2px);content:"  ;  "}',
            '@media (max-width: 9px) and (a: b) { a .b:is(c, d) { e: f } }': '@media (max-width:9px) and (a:b){a .b:is(c,d){e:f}}',
        }, 'css')


harness.main()
