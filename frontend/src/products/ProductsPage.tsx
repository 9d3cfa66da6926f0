import '../i18n/addCatalogue'
import { MinusCircleOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber } from 'antd'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { Catalogue } from '../shared/Catalogue'
import { fromLines, toLines } from '../shared/forms'
import type { Shapes } from '../shared/rest'
import { TableImportButton } from '../shared/TableImportButton'

type Product = Shapes['Product']
type ProductFields = Omit<Product, 'id' | 'version' | 'created_at' | 'updated_at'>

const lists = ['aliases', 'gifts', 'evidence', 'required_statements', 'compliance_flags'] as const

type Values = Omit<ProductFields, (typeof lists)[number] | 'facts'> &
  Record<(typeof lists)[number], string> & { facts: { name: string; value: string }[] }

const empty: ProductFields = {
  name: '',
  brand: '',
  category: '',
  aliases: [],
  price: null,
  list_price: null,
  price_ladder: [],
  unit: '件',
  stock: null,
  gifts: [],
  points: [],
  facts: {},
  evidence: [],
  required_statements: [],
  compliance_flags: [],
}

function values(product: Product | undefined): Values {
  const { name, brand, category, price, list_price, price_ladder, unit, stock, points, facts, ...rest } =
    product ?? empty
  return {
    name,
    brand,
    category,
    price,
    list_price,
    price_ladder,
    unit,
    stock,
    points,
    facts: Object.entries(facts).map(([fact, value]) => ({ name: fact, value })),
    aliases: fromLines(rest.aliases),
    gifts: fromLines(rest.gifts),
    evidence: fromLines(rest.evidence),
    required_statements: fromLines(rest.required_statements),
    compliance_flags: fromLines(rest.compliance_flags),
  }
}

function save(product: Product | undefined, typed: Values, key: string): Promise<unknown> {
  const body: ProductFields = {
    ...typed,
    price: typed.price ?? null,
    list_price: typed.list_price ?? null,
    price_ladder: (typed.price_ladder ?? []).map((step) => ({ ...step, note: step.note ?? '' })),
    stock: typed.stock ?? null,
    points: (typed.points ?? []).map(({ feature, benefit, proof }) => ({
      feature,
      benefit: benefit ?? '',
      proof: proof ?? '',
    })),
    facts: Object.fromEntries((typed.facts ?? []).map(({ name, value }) => [name.trim(), value.trim()])),
    aliases: toLines(typed.aliases),
    gifts: toLines(typed.gifts),
    evidence: toLines(typed.evidence),
    required_statements: toLines(typed.required_statements),
    compliance_flags: toLines(typed.compliance_flags),
  }
  return product
    ? api.updateProduct(product.id, { ...body, version: product.version })
    : api.createProduct(body, key)
}

const matches = (product: Product, search: string) =>
  [product.name, product.brand, product.category, ...product.aliases].join(' ').toLowerCase().includes(search)

const yuan = (amount: number | null) => (amount === null ? '–' : `¥${amount.toFixed(2)}`)

export default function ProductsPage() {
  const { t } = useTranslation()
  const notBelowZero = [{ type: 'number' as const, min: 0, message: t('fault.below_zero') }]
  const given = [{ required: true, message: t('common.required') }]
  const required = [{ required: true, whitespace: true, message: t('common.required') }]
  return (
    <Catalogue<Product, Values>
      title={t('nav.products')}
      name="products"
      read={api.products}
      matches={matches}
      values={values}
      save={save}
      remove={api.deleteProduct}
      tools={<TableImportButton name="products" read={api.readProductTable} take={api.importProducts} />}
      columns={[
        { title: t('product.name'), dataIndex: 'name', width: 240 },
        { title: t('product.brand'), dataIndex: 'brand', width: 120 },
        { title: t('product.category'), dataIndex: 'category', width: 140 },
        {
          title: t('product.price'),
          dataIndex: 'price',
          width: 110,
          align: 'right',
          className: 'number',
          render: yuan,
          sorter: (a, b) => (a.price ?? 0) - (b.price ?? 0),
        },
        {
          title: t('product.listPrice'),
          dataIndex: 'list_price',
          width: 110,
          align: 'right',
          className: 'number',
          render: yuan,
        },
        {
          title: t('product.stock'),
          dataIndex: 'stock',
          width: 90,
          align: 'right',
          className: 'number',
          render: (stock: number | null) => stock?.toLocaleString('en') ?? '–',
        },
      ]}
      fields={
        <>
          <Form.Item name="name" label={t('product.name')} rules={required}>
            <Input maxLength={120} />
          </Form.Item>
          <div className="pair">
            <Form.Item name="brand" label={t('product.brand')}>
              <Input maxLength={60} />
            </Form.Item>
            <Form.Item name="category" label={t('product.category')}>
              <Input maxLength={60} />
            </Form.Item>
            <Form.Item name="price" label={t('product.price')} rules={notBelowZero}>
              <InputNumber precision={2} prefix="¥" style={{ width: '100%' }} />
            </Form.Item>
            <Form.Item
              name="list_price"
              label={t('product.listPrice')}
              dependencies={['price']}
              rules={[
                ...notBelowZero,
                ({ getFieldValue }) => ({
                  validator: (_, listPrice: number | null) =>
                    listPrice == null || listPrice >= (getFieldValue('price') ?? 0)
                      ? Promise.resolve()
                      : Promise.reject(new Error(t('fault.list_price_low'))),
                }),
              ]}
            >
              <InputNumber precision={2} prefix="¥" style={{ width: '100%' }} />
            </Form.Item>
            <Form.Item name="unit" label={t('product.unit')} rules={required}>
              <Input maxLength={60} />
            </Form.Item>
            <Form.Item name="stock" label={t('product.stock')} rules={notBelowZero}>
              <InputNumber precision={0} style={{ width: '100%' }} />
            </Form.Item>
          </div>
          <fieldset>
            <legend>{t('product.ladder')}</legend>
            <p className="muted form-note">{t('product.ladderHint')}</p>
            <Form.List name="price_ladder">
              {(steps, { add, remove }) => (
                <>
                  {steps.map(({ key, name }) => (
                    <div className="list-item step-item" key={key}>
                      <Form.Item name={[name, 'quantity']} label={t('product.quantity')} rules={given}>
                        <InputNumber min={1} max={999} precision={0} style={{ width: '100%' }} />
                      </Form.Item>
                      <Form.Item
                        name={[name, 'total']}
                        label={t('product.total')}
                        rules={[...given, ...notBelowZero]}
                      >
                        <InputNumber precision={2} prefix="¥" style={{ width: '100%' }} />
                      </Form.Item>
                      <Form.Item name={[name, 'note']} label={t('product.note')}>
                        <Input maxLength={60} />
                      </Form.Item>
                      <Button
                        type="text"
                        icon={<MinusCircleOutlined />}
                        aria-label={t('product.removeStep')}
                        onClick={() => remove(name)}
                      />
                    </div>
                  ))}
                  <Button
                    type="dashed"
                    block
                    icon={<PlusOutlined />}
                    onClick={() => add({ quantity: steps.length + 2 })}
                  >
                    {t('product.addStep')}
                  </Button>
                </>
              )}
            </Form.List>
          </fieldset>
          <Form.Item name="aliases" label={t('product.aliases')} extra={t('common.onePerLine')}>
            <Input.TextArea autoSize={{ minRows: 1, maxRows: 6 }} />
          </Form.Item>
          <fieldset>
            <legend>{t('product.points')}</legend>
            <Form.List name="points">
              {(points, { add, remove }) => (
                <>
                  {points.map(({ key, name }) => (
                    <div className="list-item point" key={key}>
                      <Form.Item name={[name, 'feature']} label={t('product.feature')} rules={required}>
                        <Input maxLength={300} />
                      </Form.Item>
                      <Form.Item name={[name, 'benefit']} label={t('product.benefit')}>
                        <Input maxLength={300} />
                      </Form.Item>
                      <Form.Item name={[name, 'proof']} label={t('product.proof')}>
                        <Input maxLength={300} />
                      </Form.Item>
                      <Button
                        type="text"
                        icon={<MinusCircleOutlined />}
                        aria-label={t('product.removePoint')}
                        onClick={() => remove(name)}
                      />
                    </div>
                  ))}
                  <Button type="dashed" block icon={<PlusOutlined />} onClick={() => add({ feature: '' })}>
                    {t('product.addPoint')}
                  </Button>
                </>
              )}
            </Form.List>
          </fieldset>
          <fieldset>
            <legend>{t('product.facts')}</legend>
            <Form.List name="facts">
              {(facts, { add, remove }) => (
                <>
                  {facts.map(({ key, name }) => (
                    <div className="list-item" key={key}>
                      <Form.Item name={[name, 'name']} label={t('product.factName')} rules={required}>
                        <Input maxLength={60} />
                      </Form.Item>
                      <Form.Item name={[name, 'value']} label={t('product.factValue')} rules={required}>
                        <Input maxLength={300} />
                      </Form.Item>
                      <Button
                        type="text"
                        icon={<MinusCircleOutlined />}
                        aria-label={t('product.removeFact')}
                        onClick={() => remove(name)}
                      />
                    </div>
                  ))}
                  <Button
                    type="dashed"
                    block
                    icon={<PlusOutlined />}
                    onClick={() => add({ name: '', value: '' })}
                  >
                    {t('product.addFact')}
                  </Button>
                </>
              )}
            </Form.List>
          </fieldset>
          <Form.Item name="gifts" label={t('product.gifts')} extra={t('common.onePerLine')}>
            <Input.TextArea autoSize={{ minRows: 1, maxRows: 6 }} />
          </Form.Item>
          <Form.Item name="evidence" label={t('product.evidence')} extra={t('product.evidenceHint')}>
            <Input.TextArea autoSize={{ minRows: 1, maxRows: 6 }} />
          </Form.Item>
          <Form.Item
            name="required_statements"
            label={t('product.required')}
            extra={t('product.requiredHint')}
          >
            <Input.TextArea autoSize={{ minRows: 1, maxRows: 6 }} />
          </Form.Item>
          <Form.Item name="compliance_flags" label={t('product.flags')} extra={t('product.flagsHint')}>
            <Input.TextArea autoSize={{ minRows: 1, maxRows: 6 }} />
          </Form.Item>
        </>
      }
    />
  )
}
