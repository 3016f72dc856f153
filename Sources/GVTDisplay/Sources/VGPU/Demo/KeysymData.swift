// What keysyms are called and which characters they make. Made by packaging/generate-keysyms.py; do not edit.
// From X11/keysymdef.h of xorgproto (MIT licence) and the Unicode Character Database.
// swift-format-ignore-file

enum KeysymData {
  /// Keysyms that make no character: hexadecimal=name.
  static let names = """
    fe01=ISO_Lock fe02=ISO_Level2_Latch fe03=ISO_Level3_Shift fe04=ISO_Level3_Latch fe05=ISO_Level3_Lock
    fe06=ISO_Group_Latch fe07=ISO_Group_Lock fe08=ISO_Next_Group fe09=ISO_Next_Group_Lock fe0a=ISO_Prev_Group
    fe0b=ISO_Prev_Group_Lock fe0c=ISO_First_Group fe0d=ISO_First_Group_Lock fe0e=ISO_Last_Group
    fe0f=ISO_Last_Group_Lock fe11=ISO_Level5_Shift fe12=ISO_Level5_Latch fe13=ISO_Level5_Lock fe20=ISO_Left_Tab
    fe21=ISO_Move_Line_Up fe22=ISO_Move_Line_Down fe23=ISO_Partial_Line_Up fe24=ISO_Partial_Line_Down
    fe25=ISO_Partial_Space_Left fe26=ISO_Partial_Space_Right fe27=ISO_Set_Margin_Left fe28=ISO_Set_Margin_Right
    fe29=ISO_Release_Margin_Left fe2a=ISO_Release_Margin_Right fe2b=ISO_Release_Both_Margins
    fe2c=ISO_Fast_Cursor_Left fe2d=ISO_Fast_Cursor_Right fe2e=ISO_Fast_Cursor_Up fe2f=ISO_Fast_Cursor_Down
    fe30=ISO_Continuous_Underline fe31=ISO_Discontinuous_Underline fe32=ISO_Emphasize fe33=ISO_Center_Object
    fe34=ISO_Enter fe50=dead_grave fe51=dead_acute fe52=dead_circumflex fe53=dead_tilde fe54=dead_macron
    fe55=dead_breve fe56=dead_abovedot fe57=dead_diaeresis fe58=dead_abovering fe59=dead_doubleacute fe5a=dead_caron
    fe5b=dead_cedilla fe5c=dead_ogonek fe5d=dead_iota fe5e=dead_voiced_sound fe5f=dead_semivoiced_sound
    fe60=dead_belowdot fe61=dead_hook fe62=dead_horn fe63=dead_stroke fe64=dead_abovecomma
    fe65=dead_abovereversedcomma fe66=dead_doublegrave fe67=dead_belowring fe68=dead_belowmacron
    fe69=dead_belowcircumflex fe6a=dead_belowtilde fe6b=dead_belowbreve fe6c=dead_belowdiaeresis
    fe6d=dead_invertedbreve fe6e=dead_belowcomma fe6f=dead_currency fe70=AccessX_Enable fe71=AccessX_Feedback_Enable
    fe72=RepeatKeys_Enable fe73=SlowKeys_Enable fe74=BounceKeys_Enable fe75=StickyKeys_Enable fe76=MouseKeys_Enable
    fe77=MouseKeys_Accel_Enable fe78=Overlay1_Enable fe79=Overlay2_Enable fe7a=AudibleBell_Enable fe80=dead_a
    fe81=dead_A fe82=dead_e fe83=dead_E fe84=dead_i fe85=dead_I fe86=dead_o fe87=dead_O fe88=dead_u fe89=dead_U
    fe8a=dead_small_schwa fe8b=dead_capital_schwa fe8c=dead_greek fe90=dead_lowline fe91=dead_aboveverticalline
    fe92=dead_belowverticalline fe93=dead_longsolidusoverlay fea0=ch fea1=Ch fea2=CH fea3=c_h fea4=C_h fea5=C_H
    fed0=First_Virtual_Screen fed1=Prev_Virtual_Screen fed2=Next_Virtual_Screen fed4=Last_Virtual_Screen
    fed5=Terminate_Server fee0=Pointer_Left fee1=Pointer_Right fee2=Pointer_Up fee3=Pointer_Down fee4=Pointer_UpLeft
    fee5=Pointer_UpRight fee6=Pointer_DownLeft fee7=Pointer_DownRight fee8=Pointer_Button_Dflt fee9=Pointer_Button1
    feea=Pointer_Button2 feeb=Pointer_Button3 feec=Pointer_Button4 feed=Pointer_Button5 feee=Pointer_DblClick_Dflt
    feef=Pointer_DblClick1 fef0=Pointer_DblClick2 fef1=Pointer_DblClick3 fef2=Pointer_DblClick4
    fef3=Pointer_DblClick5 fef4=Pointer_Drag_Dflt fef5=Pointer_Drag1 fef6=Pointer_Drag2 fef7=Pointer_Drag3
    fef8=Pointer_Drag4 fef9=Pointer_EnableKeys fefa=Pointer_Accelerate fefb=Pointer_DfltBtnNext
    fefc=Pointer_DfltBtnPrev fefd=Pointer_Drag5 ff08=BackSpace ff09=Tab ff0a=Linefeed ff0b=Clear ff0d=Return
    ff13=Pause ff14=Scroll_Lock ff15=Sys_Req ff1b=Escape ff20=Multi_key ff21=Kanji ff22=Muhenkan ff23=Henkan_Mode
    ff24=Romaji ff25=Hiragana ff26=Katakana ff27=Hiragana_Katakana ff28=Zenkaku ff29=Hankaku ff2a=Zenkaku_Hankaku
    ff2b=Touroku ff2c=Massyo ff2d=Kana_Lock ff2e=Kana_Shift ff2f=Eisu_Shift ff30=Eisu_toggle ff31=Hangul
    ff32=Hangul_Start ff33=Hangul_End ff34=Hangul_Hanja ff35=Hangul_Jamo ff36=Hangul_Romaja ff37=Codeinput
    ff38=Hangul_Jeonja ff39=Hangul_Banja ff3a=Hangul_PreHanja ff3b=Hangul_PostHanja ff3c=SingleCandidate
    ff3d=MultipleCandidate ff3e=PreviousCandidate ff3f=Hangul_Special ff50=Home ff51=Left ff52=Up ff53=Right
    ff54=Down ff55=Prior ff56=Next ff57=End ff58=Begin ff60=Select ff61=Print ff62=Execute ff63=Insert ff65=Undo
    ff66=Redo ff67=Menu ff68=Find ff69=Cancel ff6a=Help ff6b=Break ff7e=Mode_switch ff7f=Num_Lock ff80=KP_Space
    ff89=KP_Tab ff8d=KP_Enter ff91=KP_F1 ff92=KP_F2 ff93=KP_F3 ff94=KP_F4 ff95=KP_Home ff96=KP_Left ff97=KP_Up
    ff98=KP_Right ff99=KP_Down ff9a=KP_Prior ff9b=KP_Next ff9c=KP_End ff9d=KP_Begin ff9e=KP_Insert ff9f=KP_Delete
    ffaa=KP_Multiply ffab=KP_Add ffac=KP_Separator ffad=KP_Subtract ffae=KP_Decimal ffaf=KP_Divide ffb0=KP_0
    ffb1=KP_1 ffb2=KP_2 ffb3=KP_3 ffb4=KP_4 ffb5=KP_5 ffb6=KP_6 ffb7=KP_7 ffb8=KP_8 ffb9=KP_9 ffbd=KP_Equal ffbe=F1
    ffbf=F2 ffc0=F3 ffc1=F4 ffc2=F5 ffc3=F6 ffc4=F7 ffc5=F8 ffc6=F9 ffc7=F10 ffc8=F11 ffc9=F12 ffca=F13 ffcb=F14
    ffcc=F15 ffcd=F16 ffce=F17 ffcf=F18 ffd0=F19 ffd1=F20 ffd2=F21 ffd3=F22 ffd4=F23 ffd5=F24 ffd6=F25 ffd7=F26
    ffd8=F27 ffd9=F28 ffda=F29 ffdb=F30 ffdc=F31 ffdd=F32 ffde=F33 ffdf=F34 ffe0=F35 ffe1=Shift_L ffe2=Shift_R
    ffe3=Control_L ffe4=Control_R ffe5=Caps_Lock ffe6=Shift_Lock ffe7=Meta_L ffe8=Meta_R ffe9=Alt_L ffea=Alt_R
    ffeb=Super_L ffec=Super_R ffed=Hyper_L ffee=Hyper_R fff1=braille_dot_1 fff2=braille_dot_2 fff3=braille_dot_3
    fff4=braille_dot_4 fff5=braille_dot_5 fff6=braille_dot_6 fff7=braille_dot_7 fff8=braille_dot_8
    fff9=braille_dot_9 fffa=braille_dot_10 ffff=Delete
    """

  /// Keysyms whose character is not their own number: hexadecimal=character.
  static let characters = """
    1a1=Ą 1a2=˘ 1a3=Ł 1a5=Ľ 1a6=Ś 1a9=Š 1aa=Ş 1ab=Ť 1ac=Ź 1ae=Ž 1af=Ż 1b1=ą 1b2=˛ 1b3=ł 1b5=ľ 1b6=ś 1b7=ˇ 1b9=š
    1ba=ş 1bb=ť 1bc=ź 1bd=˝ 1be=ž 1bf=ż 1c0=Ŕ 1c3=Ă 1c5=Ĺ 1c6=Ć 1c8=Č 1ca=Ę 1cc=Ě 1cf=Ď 1d0=Đ 1d1=Ń 1d2=Ň 1d5=Ő
    1d8=Ř 1d9=Ů 1db=Ű 1de=Ţ 1e0=ŕ 1e3=ă 1e5=ĺ 1e6=ć 1e8=č 1ea=ę 1ec=ě 1ef=ď 1f0=đ 1f1=ń 1f2=ň 1f5=ő 1f8=ř 1f9=ů
    1fb=ű 1fe=ţ 1ff=˙ 2a1=Ħ 2a6=Ĥ 2a9=İ 2ab=Ğ 2ac=Ĵ 2b1=ħ 2b6=ĥ 2b9=ı 2bb=ğ 2bc=ĵ 2c5=Ċ 2c6=Ĉ 2d5=Ġ 2d8=Ĝ 2dd=Ŭ
    2de=Ŝ 2e5=ċ 2e6=ĉ 2f5=ġ 2f8=ĝ 2fd=ŭ 2fe=ŝ 3a2=ĸ 3a3=Ŗ 3a5=Ĩ 3a6=Ļ 3aa=Ē 3ab=Ģ 3ac=Ŧ 3b3=ŗ 3b5=ĩ 3b6=ļ 3ba=ē
    3bb=ģ 3bc=ŧ 3bd=Ŋ 3bf=ŋ 3c0=Ā 3c7=Į 3cc=Ė 3cf=Ī 3d1=Ņ 3d2=Ō 3d3=Ķ 3d9=Ų 3dd=Ũ 3de=Ū 3e0=ā 3e7=į 3ec=ė 3ef=ī
    3f1=ņ 3f2=ō 3f3=ķ 3f9=ų 3fd=ũ 3fe=ū 47e=‾ 6a1=ђ 6a2=ѓ 6a3=ё 6a4=є 6a5=ѕ 6a6=і 6a7=ї 6a8=ј 6a9=љ 6aa=њ 6ab=ћ
    6ac=ќ 6ad=ґ 6ae=ў 6af=џ 6b0=№ 6b1=Ђ 6b2=Ѓ 6b3=Ё 6b4=Є 6b5=Ѕ 6b6=І 6b7=Ї 6b8=Ј 6b9=Љ 6ba=Њ 6bb=Ћ 6bc=Ќ 6bd=Ґ
    6be=Ў 6bf=Џ 6c0=ю 6c1=а 6c2=б 6c3=ц 6c4=д 6c5=е 6c6=ф 6c7=г 6c8=х 6c9=и 6ca=й 6cb=к 6cc=л 6cd=м 6ce=н 6cf=о
    6d0=п 6d1=я 6d2=р 6d3=с 6d4=т 6d5=у 6d6=ж 6d7=в 6d8=ь 6d9=ы 6da=з 6db=ш 6dc=э 6dd=щ 6de=ч 6df=ъ 6e0=Ю 6e1=А
    6e2=Б 6e3=Ц 6e4=Д 6e5=Е 6e6=Ф 6e7=Г 6e8=Х 6e9=И 6ea=Й 6eb=К 6ec=Л 6ed=М 6ee=Н 6ef=О 6f0=П 6f1=Я 6f2=Р 6f3=С
    6f4=Т 6f5=У 6f6=Ж 6f7=В 6f8=Ь 6f9=Ы 6fa=З 6fb=Ш 6fc=Э 6fd=Щ 6fe=Ч 6ff=Ъ 7a1=Ά 7a2=Έ 7a3=Ή 7a4=Ί 7a5=Ϊ 7a7=Ό
    7a8=Ύ 7a9=Ϋ 7ab=Ώ 7ae=΅ 7af=― 7b1=ά 7b2=έ 7b3=ή 7b4=ί 7b5=ϊ 7b6=ΐ 7b7=ό 7b8=ύ 7b9=ϋ 7ba=ΰ 7bb=ώ 7c1=Α 7c2=Β
    7c3=Γ 7c4=Δ 7c5=Ε 7c6=Ζ 7c7=Η 7c8=Θ 7c9=Ι 7ca=Κ 7cb=Λ 7cc=Μ 7cd=Ν 7ce=Ξ 7cf=Ο 7d0=Π 7d1=Ρ 7d2=Σ 7d4=Τ 7d5=Υ
    7d6=Φ 7d7=Χ 7d8=Ψ 7d9=Ω 7e1=α 7e2=β 7e3=γ 7e4=δ 7e5=ε 7e6=ζ 7e7=η 7e8=θ 7e9=ι 7ea=κ 7eb=λ 7ec=μ 7ed=ν 7ee=ξ
    7ef=ο 7f0=π 7f1=ρ 7f2=σ 7f3=ς 7f4=τ 7f5=υ 7f6=φ 7f7=χ 7f8=ψ 7f9=ω 13bc=Œ 13bd=œ 13be=Ÿ 20ac=€
    """

  /// Dead keys: hexadecimal=accent, then pairs of a letter and the letter with the accent.
  static let compositions = """
    fe50=`AÀEÈIÌOÒUÙaàeèiìoòuù
    fe51=´AÁCĆEÉIÍLĹNŃOÓRŔSŚUÚYÝZŹaácćeéiílĺnńoórŕsśuúyýzź
    fe52=^AÂCĈEÊGĜHĤIÎJĴOÔSŜUÛWŴYŶaâcĉeêgĝhĥiîjĵoôsŝuûwŵyŷ
    fe53=~AÃIĨNÑOÕUŨaãiĩnñoõuũ
    fe54=¯AĀEĒIĪOŌUŪaāeēiīoōuū
    fe55=˘AĂEĔGĞIĬOŎUŬaăeĕgğiĭoŏuŭ
    fe56=˙CĊEĖGĠIİZŻcċeėgġzż
    fe57=¨AÄEËIÏOÖUÜYŸaäeëiïoöuüyÿ
    fe58=°AÅUŮaåuů
    fe59=˝OŐUŰoőuű
    fe5a=ˇCČDĎEĚLĽNŇRŘSŠTŤZŽcčdďeělľnňrřsštťzž
    fe5b=¸CÇGĢKĶLĻNŅRŖSŞTŢcçgģkķlļnņrŗsştţ
    fe5c=˛AĄEĘIĮUŲaąeęiįuų
    """
}
