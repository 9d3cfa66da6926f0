import { DownOutlined, RightOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { App, Button, Select, Switch, Table } from 'antd'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { useProblemText } from '../shared/problems'
import type { Shapes } from '../shared/rest'
import { noRows, Unread } from '../shared/Unread'
import { type Role, type Skill, settingsApi } from './api'
import { useSkillChange } from './useSkillChange'

const Preflight = lazy(() => import('./Preflight'))

const roles = ['admin', 'operator', 'approver', 'host', 'viewer'] as const
/** Those whose role lets them ask for anything at all. */
const asking: readonly string[] = ['admin', 'operator', 'approver']

/** What the agents can do, whether it is open and to whom, and what each would lack; changed by who `writes`. */
export function Skills({ writes }: { writes: boolean }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const skills = useQuery({ queryKey: ['skills'], queryFn: settingsApi.skills, staleTime: 0 })
  const { busy, change } = useSkillChange((error) => message.error(problemText(error)))
  return (
    <section className="settings-part" aria-labelledby="skills-title" data-testid="skills">
      <h2 id="skills-title">{t('settings.skills')}</h2>
      <p className="muted">{t('settings.skillsHint')}</p>
      {!writes && <p className="muted">{t('common.mayNotChange')}</p>}
      <Unread asked={skills} />
      <Table<Skill>
        rowKey="name"
        size="small"
        dataSource={skills.data ?? []}
        loading={{ spinning: skills.isPending, delay: 150 }}
        locale={noRows(skills, t('common.nothingYet'))}
        pagination={false}
        scroll={{ x: 'max-content' }}
        expandable={{
          columnTitle: <span className="visually-hidden">{t('settings.try')}</span>,
          expandedRowRender: (skill) => (
            <Suspense fallback={null}>
              <Preflight skill={skill} />
            </Suspense>
          ),
          expandIcon: ({ expanded, onExpand, record }) => (
            <Button
              type="text"
              size="small"
              icon={expanded ? <DownOutlined /> : <RightOutlined />}
              aria-expanded={expanded}
              aria-label={t('settings.tryOf', { skill: t(`settings.names.${record.name}`) })}
              onClick={(event) => onExpand(record, event)}
              data-testid={`try-${record.name}`}
            />
          ),
        }}
        columns={[
          {
            title: t('settings.skill'),
            dataIndex: 'name',
            render: (name: Skill['name'], skill) => (
              <>
                <strong>{t(`settings.names.${name}`)}</strong>
                <div className="muted">
                  {t('settings.needs', {
                    slots: skill.required.map((slot) => t(`settings.slots.${slot as 'draft'}`)).join(' · '),
                  })}
                </div>
              </>
            ),
          },
          {
            title: t('settings.enabled'),
            dataIndex: 'enabled',
            width: 90,
            render: (enabled: boolean, skill) =>
              writes ? (
                <Switch
                  aria-label={t('settings.enabledOf', { skill: t(`settings.names.${skill.name}`) })}
                  data-testid={`skill-${skill.name}`}
                  loading={busy === skill.name}
                  checked={enabled}
                  onChange={(wanted) => void change(skill.name, { enabled: wanted })}
                />
              ) : (
                t(enabled ? 'settings.on' : 'settings.off')
              ),
          },
          {
            title: t('settings.roles'),
            dataIndex: 'roles',
            render: (chosen: Role[], skill) =>
              !writes ? (
                <>
                  {roles
                    .filter((role) => chosen.includes(role))
                    .map((role) => t(`role.${role}`))
                    .join(' · ') || t('settings.nobody')}
                  <div className="muted">{t(skill.allowed ? 'settings.yours' : 'settings.notYours')}</div>
                </>
              ) : (
                <div className="row">
                  <Select<Role[]>
                    mode="multiple"
                    aria-label={t('settings.rolesOf', { skill: t(`settings.names.${skill.name}`) })}
                    style={{ minWidth: 260 }}
                    value={chosen}
                    onChange={(wanted) =>
                      void change(skill.name, { roles: wanted as Shapes['SkillChanges']['roles'] })
                    }
                    options={roles.map((value) => ({ value, label: t(`role.${value}`) }))}
                    showSearch={{ optionFilterProp: 'label' }}
                    {...(chosen.length === 0 ? { status: 'warning' as const } : {})}
                  />
                  <Button type="text" onClick={() => void change(skill.name, { roles: null })}>
                    {t('settings.rolesDefault')}
                  </Button>
                  {chosen.length === 0 && <span className="muted">{t('settings.nobody')}</span>}
                  {chosen.some((role) => !asking.includes(role)) && (
                    <span className="muted">{t('settings.mayNotWrite')}</span>
                  )}
                </div>
              ),
          },
        ]}
      />
    </section>
  )
}
