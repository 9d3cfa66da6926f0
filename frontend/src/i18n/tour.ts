/** What the tour says. */
export const tourZh = {
  tour: {
    title: '新手引导',
    offer: '第一次来？跟着演示数据走一遍，大约两分钟。',
    start: '开始引导',
    decline: '不用了',
    close: '结束引导',
    back: '上一步',
    next: '下一步',
    done: '完成',
    place: '第 {{at}} 步，共 {{of}} 步',
    steps: {
      ask: {
        title: '说一句，就有稿件',
        text: '演示团队有两位主播和几款商品。点一个例子，它会填进输入框，按 Enter 发送，稿件马上开始写。',
      },
      pick: {
        title: '不用记名字',
        text: '输入 @ 选商品或主播，# 选需求模板，/ 执行命令；写到一半离开，草稿会留着。',
      },
      progress: {
        title: '对话都在这里',
        text: '可以搜索、置顶、重命名和导出。标着「待审批」的，正等人看稿。',
      },
      approve: {
        title: '人点头才上屏',
        text: '稿件写好后排在这里，按剩余时间排序。J/K 上下，A 通过，E 修改，X 驳回并选原因，S 稍后再看。',
      },
      show: {
        title: '一整场一起写',
        text: '选好直播间、商品和环节，整场话术一起写、逐条审，排成节目单。',
      },
      facts: {
        title: '稿件只说查得到的',
        text: '价格、赠品、卖点和依据都来自商品资料；资料改了，还没上屏的稿件会重新检查。',
      },
      rules: {
        title: '规则看得见，也能加',
        text: '广告法和平台规则已经内置，可以在这里试一段话，也可以加团队自己的规则。',
      },
      prompter: {
        title: '提词器',
        text: '主播用主播账号打开提词器，通过的稿件会立刻出现；断网也能继续念。',
      },
      keys: {
        title: '找不到时',
        text: '按 Ctrl+K（Mac 上是 ⌘K）打开命令栏，拼音首字母就能找到页面、商品和对话；按 ? 看全部快捷键，也能从那里再看一遍引导。',
      },
    },
  },
}

export const tourEn: typeof tourZh = {
  tour: {
    title: 'Tour',
    offer: 'New here? Walk through it with the demo data; it takes about two minutes.',
    start: 'Start the tour',
    decline: 'No, thanks',
    close: 'End the tour',
    back: 'Back',
    next: 'Next',
    done: 'Done',
    place: 'Step {{at}} of {{of}}',
    steps: {
      ask: {
        title: 'Ask, and it is written',
        text: 'The demo team has two hosts and some products. Click an example, it goes into the field; Enter sends it, and writing begins.',
      },
      pick: {
        title: 'No names to remember',
        text: 'Type @ for a product or host, # for a request to start from, / for a command. A draft stays when you leave.',
      },
      progress: {
        title: 'Your threads',
        text: 'Search, pin, rename and export them. One that is marked as waiting needs somebody to read its script.',
      },
      approve: {
        title: 'Nothing is on screen before a person says so',
        text: 'Scripts wait here, the most urgent first. J/K move, A approves, E edits, X rejects with a reason, S is for later.',
      },
      show: {
        title: 'A whole show at once',
        text: 'Choose the room, products and segments: all scripts are written together, reviewed one by one and put in order.',
      },
      facts: {
        title: 'Scripts say what the record says',
        text: 'Prices, gifts, points and evidence come from the product’s record; when it changes, what is not on screen yet is checked again.',
      },
      rules: {
        title: 'Rules you can see and add to',
        text: 'Advertising law and platform rules are built in. Try a text against them here, or add rules of your own.',
      },
      prompter: {
        title: 'The teleprompter',
        text: 'Hosts open it with their own account: an approved script is there at once, and it goes on without a network.',
      },
      keys: {
        title: 'When you are lost',
        text: 'Ctrl+K (⌘K on a Mac) opens the command bar and finds pages, products and threads; ? shows all keys, and starts this tour again.',
      },
    },
  },
}
