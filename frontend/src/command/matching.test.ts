import { expect, test } from 'vitest'
import { match } from './matching'
import { readings } from './pinyin'

test.each([
  ['bwb', '沐野随行保温杯 500ml'],
  ['baowenbei', '沐野随行保温杯 500ml'],
  ['baowb', '保温杯'],
  ['bao杯'.replace('杯', 'wen'), '保温杯'],
  ['msx', '沐野随行'.replace('野', '')],
  ['wl', '卫龙大面筋辣条'],
  ['latiao', '卫龙大面筋辣条'],
  ['xydzbj', '小雅的直播间'],
  ['dl', '大刘'],
  ['cq', '重庆小面'],
  ['nvzhuang', '女装'],
  ['nuzhuang', '女装'],
  ['lvse', '绿色'],
  ['保温', '沐野随行保温杯'],
  ['保 500', '沐野随行保温杯 500ml'],
  ['ML bw', '沐野随行保温杯 500ml'],
  ['set', 'Settings'],
  ['', '什么都行'],
])('%s finds %s', (typed, text) => {
  expect(match(typed, text)).toBeDefined()
})

test.each([
  ['bwx', '保温杯'],
  ['bwbb', '保温杯'],
  ['500x', '保温杯 500ml'],
  ['杯保', '保温杯'],
  ['保 辣', '保温杯'],
  ['zz', 'Settings'],
])('%s does not find %s', (typed, text) => {
  expect(match(typed, text)).toBeUndefined()
})

test('what is written so comes before what sounds so, and beginnings before middles', () => {
  const order = ['bw 专用', '大号 bw', '保温杯'].map((text) => match('bw', text))
  expect(order).toEqual([...order].sort())
  expect(new Set(order).size).toBe(3)
})

test('the browser’s own order tells how characters are read', () => {
  const words = {
    直播间: 'zhi bo jian',
    审批话术库: 'shen pi hua shu ku',
    商品主播记忆规则设置: 'shang pin zhu bo ji yi gui ze she zhi',
    暖略旅女润: 'nuan lve lv nv run',
  }
  for (const [word, spelled] of Object.entries(words)) {
    expect([...word].map((character) => readings(character)[0]).join(' ')).toBe(spelled)
  }
  expect(readings('a')).toEqual([])
  expect(readings('，')).toEqual([])
})
