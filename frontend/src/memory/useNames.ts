import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api } from '../shared/api'

export interface Named {
  hosts: { value: string; label: string }[]
  products: { value: string; label: string }[]
}

/** The hosts and products a memory may be of, as choices. */
export function useNames(): Named {
  const hosts = useQuery({ queryKey: ['hosts'], queryFn: api.hosts })
  const products = useQuery({ queryKey: ['products'], queryFn: api.products })
  return useMemo(
    () => ({
      hosts: (hosts.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
      products: (products.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
    }),
    [hosts.data, products.data],
  )
}
