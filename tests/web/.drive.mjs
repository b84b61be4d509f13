import { chromium } from 'playwright-core';
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const page = await context.newPage();
page.on('console', m => console.log('console', m.type(), m.text()));
page.on('pageerror', e => console.log('error', e.message));
await page.goto('http://127.0.0.1:5055/login?next=/');
await page.goto('http://127.0.0.1:5055/release?id=1&name=Tuesday&number=1');
await page.click('#start');
await page.waitForSelector('#stage .canvas');
let keys = 0;
for (let i = 0; i < 12; i++) {
  const before = await page.textContent('#name');
  await page.keyboard.press('Shift+Y'); keys++;
  await page.waitForFunction(b => document.getElementById('name').textContent !== b || document.getElementById('main').dataset.status !== 'diff_found', before, { timeout: 5000 }).catch(e => console.log('stuck', i, e.message.slice(0, 80)));
  console.log(i, before, '->', await page.textContent('#name'), await page.textContent('#n-open'));
}
await page.waitForTimeout(500);
await page.screenshot({ path: '/tmp/d.png' });
await page.keyboard.press('g'); await page.keyboard.press('y'); keys += 2;
await page.waitForURL(/release/); await page.waitForTimeout(300);
await page.screenshot({ path: '/tmp/e.png' });
console.log('keys', keys, page.url(), await page.textContent('.title .state'));
await browser.close();
