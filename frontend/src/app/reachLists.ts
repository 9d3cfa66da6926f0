/**
 * Let the long lists that fields open be come to by keys: antd's scroll, and hold nothing that takes the focus. The field
 * keeps it, as before, and moves through them by arrows. Returns what ends it.
 */
export function reachLists(): () => void {
  const popups = document.getElementById('popups')
  if (!popups) return () => {}
  const reach = () => {
    for (const list of popups.querySelectorAll<HTMLElement>('.ant-select-dropdown-list-holder'))
      list.tabIndex = 0
  }
  reach()
  const observer = new MutationObserver(reach)
  observer.observe(popups, { subtree: true, childList: true })
  return () => observer.disconnect()
}
